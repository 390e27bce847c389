import type { Swap } from '../..';
import { arrival, discovered, libraryPath, newPrefix, sha } from '../samples';
import type { Setup } from './setup';

const never = { abandonedBefore: new Date(0), postponedBefore: new Date(0) };
const inAnHour = (): Date => new Date(Date.now() + 3_600_000);

export function recompressionContract(setup: () => Setup): void {
  describe('compressing again', () => {
    const wantedFile = async () => {
      const asset = await discovered(setup().database, arrival(`${newPrefix()}/a.jpg`));
      return { fileId: asset.files[0]!.id, assetId: asset.id, asked: '{"resizePercentage":50}' };
    };
    const swapOf = (prefix: string): Swap => ({
      ...{ staged: libraryPath(`compressed/again/${prefix}/a.jpg`), path: libraryPath(`compressed/${prefix}/a.jpg`), archivedPath: null },
      ...{ sha256: sha(`new ${prefix}`), bytes: 3, settings: '{}', proof: null, earlierSha256: sha(`old ${prefix}`), earlierBytes: 7 },
    });

    it('is begun by one of any number that ask at once', async () => {
      const { database, another } = setup();
      const wanted = await wantedFile();
      const claims = await Promise.all([database, another, database, another].map(({ recompressions }) => recompressions.claim(wanted, never)));
      expect(claims.filter((claim) => claim !== null)).toHaveLength(1);
      expect(await another.recompressions.ofAssets([wanted.assetId])).toMatchObject([{ ...wanted, state: 'making', swap: null }]);
      expect(await database.recompressions.claim({ ...wanted, asked: '{"resizePercentage":25}' }, never)).not.toBeNull();
    });

    it('is taken over from one that gives no sign, who then changes nothing any more', async () => {
      const { database, another } = setup();
      const wanted = await wantedFile();
      const first = await database.recompressions.claim(wanted, never);
      expect(await database.recompressions.renew(first!.claim)).toBe(true);
      const second = await another.recompressions.claim(wanted, { ...never, abandonedBefore: inAnHour() });
      expect(second?.supersedes).toBe(first?.claim.token);
      expect(await database.recompressions.renew(first!.claim)).toBe(false);
      expect(await database.recompressions.beginSwap(first!.claim, swapOf(wanted.fileId))).toBe(false);
      await database.recompressions.settle(first!.claim, 'kept', { code: 'NOT_SMALLER', reason: 'late' });
      await database.recompressions.release(first!.claim);
      expect(await database.recompressions.ofAssets([wanted.assetId])).toMatchObject([{ state: 'making', token: second?.claim.token }]);
      await another.recompressions.release(second!.claim);
      expect(await database.recompressions.ofAssets([wanted.assetId])).toEqual([]);
    });

    it('is remembered when the earlier rendition stays, for good or for a while', async () => {
      const { database } = setup();
      const kept = await wantedFile();
      const claim = await database.recompressions.claim(kept, never);
      await database.recompressions.settle(claim!.claim, 'kept', { code: 'NOT_SMALLER', reason: 'no gain\0' });
      expect(await database.recompressions.ofAssets([kept.assetId])).toMatchObject([{ state: 'kept', code: 'NOT_SMALLER', reason: 'no gain' }]);
      expect(await database.recompressions.claim(kept, { abandonedBefore: inAnHour(), postponedBefore: inAnHour() })).toBeNull();
      const later = await wantedFile();
      await database.recompressions.settle((await database.recompressions.claim(later, never))!.claim, 'postponed', { code: 'NEEDS_MEMORY', reason: 'too large' });
      expect(await database.recompressions.claim(later, never)).toBeNull();
      expect(await database.recompressions.claim(later, { ...never, postponedBefore: inAnHour() })).not.toBeNull();
    });

    it('ends an exchange once, and knows the earlier bytes afterwards', async () => {
      const { database, another } = setup();
      const wanted = await wantedFile();
      const swap = swapOf(wanted.fileId);
      const claimed = await database.recompressions.claim(wanted, never);
      expect(await database.recompressions.beginSwap(claimed!.claim, swap)).toBe(true);
      expect((await another.recompressions.swapping()).find(({ id }) => id === claimed?.claim.id)).toMatchObject({ ...wanted, swap });
      expect(await another.recompressions.claim(wanted, { abandonedBefore: inAnHour(), postponedBefore: inAnHour() })).toBeNull();
      const ended = await Promise.all([database, another].map(({ recompressions }) => recompressions.endSwap(claimed!.claim.id)));
      expect(ended.filter(Boolean)).toHaveLength(1);
      expect((await database.recompressions.swapping()).some(({ id }) => id === claimed?.claim.id)).toBe(false);
      await database.renditions.save({ fileId: wanted.fileId, assetId: wanted.assetId, sourceSha256: sha('source'), outcome: 'compressed', code: null, reason: null, path: swap.path, sha256: swap.sha256, bytes: 3, settings: '{}', proof: null });
      for (const bytes of [swap.sha256, swap.earlierSha256]) expect(await another.renditions.findByResult(bytes)).toMatchObject({ assetId: wanted.assetId, path: swap.path });
    });
  });
}
