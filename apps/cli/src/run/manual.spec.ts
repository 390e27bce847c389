import { assetStates, type AssetState } from '@media-pipeline/contracts';
import { question, stageIsDone } from './manual';

const counts = (changes: Partial<Record<AssetState, number>>) => ({ ...(Object.fromEntries(assetStates.map((state) => [state, 0])) as Record<AssetState, number>), ...changes });

describe('a run by hand', () => {
  it('waits for the stage alone, and for the bridge until its batches are sealed', () => {
    const backlog = [{ stage: 'dedupe' as const, pending: 0, underWay: 0 }, { stage: 'compressor' as const, pending: 9, underWay: 0 }];
    expect(stageIsDone('dedupe', { counts: counts({}), backlog })).toBe(true);
    expect(stageIsDone('compressor', { counts: counts({}), backlog })).toBe(false);
    expect(stageIsDone('bridge', { counts: counts({ compressed: 1 }), backlog })).toBe(false);
    expect(stageIsDone('bridge', { counts: counts({ bridged: 1 }), backlog })).toBe(true);
  });

  it('says what the stage will do', () => {
    const stage = { name: 'dedupe' as const, module: class {}, describe: 'finds duplicates' };
    expect(question(stage, { counts: counts({ discovered: 7 }), backlog: [{ stage: 'dedupe', pending: 6, underWay: 1 }] })).toBe('dedupe: finds duplicates. 7 messages wait for it, 7 assets are discovered.');
  });
});
