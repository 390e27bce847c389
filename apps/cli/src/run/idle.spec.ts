import { assetStates, type AssetState } from '@media-pipeline/contracts';
import { EndOfWork, type Reading } from './idle';

const counts = (changes: Partial<Record<AssetState, number>> = {}) => ({ ...(Object.fromEntries(assetStates.map((state) => [state, 0])) as Record<AssetState, number>), ...changes });
const reading = (changes: Partial<Record<AssetState, number>>, pending = 0): Reading => ({ counts: counts(changes), backlog: [{ stage: 'dedupe', pending, underWay: 0 }] });

describe('the end of a run', () => {
  it('is seen twice', () => {
    const end = new EndOfWork();
    expect(end.judge(reading({ sorted: 3 }), 0)).toBe('settling');
    expect(end.judge(reading({ sorted: 3 }), 100)).toBe('finished');
  });

  it('is not while a message waits, or a retry lies in the future', () => {
    const end = new EndOfWork();
    expect(end.judge(reading({ sorted: 3 }, 1), 0)).toBe('working');
    expect(end.judge({ counts: counts({ sorted: 3 }), backlog: [{ stage: 'sorter', pending: 0, underWay: 1 }] }, 0)).toBe('working');
    expect(end.judge(reading({ sorted: 3 }), 100)).toBe('settling');
  });

  it('gives work outside of messages time, then has the messages said again, then gives up', () => {
    const end = new EndOfWork();
    const judged: string[] = [];
    for (let now = 0; now <= 120_000; now += 1_000) judged.push(end.judge(reading({ compressed: 1 }), now));
    expect(judged.slice(0, 15).every((judgement) => judgement === 'settling')).toBe(true);
    expect(judged.filter((judgement) => judgement === 'stranded')).toHaveLength(3);
    expect(judged.indexOf('stuck')).toBeGreaterThan(judged.lastIndexOf('stranded'));
  });

  it('starts anew when an asset has moved on', () => {
    const end = new EndOfWork();
    for (let now = 0; now < 45_000; now += 1_000) end.judge(reading({ compressed: 1 }), now);
    expect(end.judge(reading({ bridged: 1 }), 45_000)).toBe('settling');
    expect(end.judge(reading({ bridged: 1 }), 59_000)).toBe('settling');
    expect(end.judge(reading({ bridged: 1 }), 60_000)).toBe('stranded');
  });
});
