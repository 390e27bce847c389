import fc from 'fast-check';
import { assetStates, canMove, isTerminal, type AssetState } from '@media-pipeline/contracts';
import type { Database } from '../..';
import { arrival, discovered, logOf, mustFind, newPrefix, pair, reserveOne, sha } from '../samples';
import type { Setup } from './setup';

type Step = { readonly kind: 'move'; readonly from: AssetState; readonly to: AssetState } | { readonly kind: 'stop'; readonly as: 'set_aside' | 'failed' } | { readonly kind: 'revive' };

const state = fc.constantFrom(...assetStates);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('move' as const), from: state, to: state }).filter(({ from, to }) => canMove(from, to)) },
  fc.record({ kind: fc.constant('stop' as const), as: fc.constantFrom('set_aside' as const, 'failed' as const) }),
  fc.record({ kind: fc.constant('revive' as const) }),
);

async function take({ assets }: Database, id: string, wanted: Step): Promise<boolean> {
  if (wanted.kind === 'move') return assets.move(id, wanted.from, wanted.to, logOf('cli', `${wanted.from}>${wanted.to}`));
  if (wanted.kind === 'stop') return assets.stop(id, wanted.as, { code: 'MEDIA_CORRUPT', reason: 'bad' }, logOf('cli', `>${wanted.as}`));
  return (await assets.revive(id, logOf('cli', 'revived'))) !== null;
}

export function transitionContract(setup: () => Setup): void {
  describe('states', () => {
    it('change only along the graph, and each change leaves one line of history', async () => {
      const { database, another } = setup();
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(step, fc.boolean()), { maxLength: 25 }), async (steps) => {
          const { id } = await reserveOne(database, arrival(`${newPrefix()}/a.jpg`));
          let now: AssetState = 'arriving';
          let before: AssetState | null = null;
          let changes = 0;
          for (const [wanted, elsewhere] of steps) {
            const due =
              wanted.kind === 'move' ? now === wanted.from : wanted.kind === 'stop' ? !isTerminal(now) : before !== null && (now === 'set_aside' || now === 'failed');
            expect(await take(elsewhere ? another : database, id, wanted)).toBe(due);
            if (!due) continue;
            changes += 1;
            const next: AssetState = wanted.kind === 'move' ? wanted.to : wanted.kind === 'stop' ? wanted.as : (before ?? now);
            before = next === 'set_aside' || next === 'failed' ? now : null;
            now = next;
          }
          const asset = await mustFind(database, id);
          expect(asset).toMatchObject({ state: now, stateBefore: before });
          expect(asset.code === null || asset.stateBefore !== null).toBe(true);
          expect(await database.log.list({ assetId: id, limit: 100 })).toHaveLength(changes);
        }),
        { numRuns: 25 },
      );
    });

    it('refuses a step that is not in the graph', async () => {
      const { database } = setup();
      const { id } = await reserveOne(database, arrival(`${newPrefix()}/a.jpg`));
      await expect(database.assets.move(id, 'arriving', 'sorted', logOf('cli'))).rejects.toMatchObject({ code: 'UNEXPECTED' });
    });

    it('lets one of many movers win', async () => {
      const { database, another } = setup();
      const { id } = await discovered(database, arrival(`${newPrefix()}/a.jpg`));
      const movers = Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? database : another));
      const moved = await Promise.all(movers.map(({ assets }, i) => (i % 3 === 0 ? assets.stop(id, 'failed', { code: 'UNEXPECTED', reason: 'x' }, logOf('cli')) : assets.move(id, 'discovered', 'unique', logOf('dedupe')))));
      const ways = await database.log.list({ assetId: id, limit: 50 });
      // A stop may follow a move; nothing else can follow anything.
      expect(moved.filter(Boolean).length).toBeLessThanOrEqual(2);
      expect(ways).toHaveLength(1 + moved.filter(Boolean).length);
    });

    it('carries what a stage learned, and the reason of an end', async () => {
      const { database } = setup();
      const original = await discovered(database, arrival(`${newPrefix()}/a.jpg`));
      const { id } = await discovered(database, arrival(`${newPrefix()}/a.jpg`));
      await database.assets.move(id, 'discovered', 'duplicate', logOf('dedupe', 'is a duplicate'), { duplicateOf: original.id, captureDate: '2021-05-03T14:03:01+02:00', captureDateSource: 'exif' });
      expect(await database.assets.find(id)).toMatchObject({ state: 'duplicate', duplicateOf: original.id, captureDate: '2021-05-03T14:03:01+02:00', captureDateSource: 'exif' });
      await database.assets.stop(original.id, 'set_aside', { code: 'MEDIA_CORRUPT', reason: 'ends\0 early' }, logOf('compressor'));
      expect(await database.assets.find(original.id)).toMatchObject({ state: 'set_aside', stateBefore: 'discovered', code: 'MEDIA_CORRUPT', reason: 'ends early' });
      expect(await database.assets.revive(original.id, logOf('cli'))).toBe('discovered');
      expect(await database.assets.revive(original.id, logOf('cli'))).toBeNull();
      await database.assets.setCaptureDate(original.id, null, 'none');
      expect(await database.assets.find(original.id)).toMatchObject({ captureDate: null, captureDateSource: 'none', code: null, reason: null });
    });

    it('are counted, listed by page and found by many ids', async () => {
      const { database } = setup();
      const before = await database.assets.countByState();
      const prefix = newPrefix();
      const made = await database.assets.reserve(Array.from({ length: 7 }, (_, i) => pair(`${prefix}/${i}`)));
      const ids = made.map(({ id }) => id);
      expect((await database.assets.countByState()).arriving).toBe(before.arriving + 7);
      expect(Object.keys(before)).toEqual([...assetStates]);
      const first = await database.assets.list({ state: 'arriving', limit: 3, ...(ids[0] && { after: ids[0] }) });
      expect(first.map(({ id }) => id)).toEqual(ids.slice(1, 4));
      expect(first.every(({ files }) => files.length === 2 && files[0]?.role === 'primary')).toBe(true);
      const code = `T_${prefix}`;
      await database.assets.stop(ids[2] ?? '', 'set_aside', { code, reason: 'r' }, logOf('cli'));
      expect((await database.assets.list({ code, limit: 10 })).map(({ id }) => id)).toEqual([ids[2]]);
      const backwards = [...ids].reverse();
      expect((await database.assets.findMany([...backwards, 'nobody', sha('x')])).map(({ id }) => id)).toEqual(backwards);
    });
  });
}
