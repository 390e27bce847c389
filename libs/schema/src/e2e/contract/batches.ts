import fc from 'fast-check';
import type { Batch, Delivery } from '../..';
import { arrival, discovered, logOf, newPrefix, pair, sha, stagings } from '../samples';
import type { Setup } from './setup';

const roomy = { maxFiles: 1_000, maxBytes: 1e12 };

export function batchContract(setup: () => Setup): void {
  // What one test leaves open must not take in what the next one assigns.
  const seal = async () => {
    const { database } = setup();
    for (const { id } of await database.batches.open()) await database.batches.move(id, 'open', 'created');
  };
  beforeEach(seal);

  describe('batches', () => {
    it('list no file twice, split no asset and keep their limits, whoever assigns at the same time', async () => {
      const { database, another } = setup();
      const wanted = fc.array(fc.record({ sizes: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 3 }), times: fc.integer({ min: 1, max: 3 }) }), { minLength: 1, maxLength: 10 });
      await fc.assert(
        fc.asyncProperty(wanted, fc.integer({ min: 1, max: 6 }), fc.integer({ min: 20, max: 150 }), async (shapes, maxFiles, maxBytes) => {
          await seal();
          const prefix = newPrefix();
          const arrivals = shapes.map(({ sizes }, a) => ({ ...arrival(`${prefix}/${a}`), files: sizes.map((bytes, f) => ({ ...arrival(`${prefix}/${a}-${f}.jpg`).files[0]!, bytes })) }));
          const assets = await database.assets.reserve(arrivals);
          const calls = assets.flatMap((asset, i) => Array.from({ length: shapes[i]?.times ?? 1 }, () => asset));
          const limits = { maxFiles, maxBytes };
          const answers = await Promise.all(calls.map((asset, i) => (i % 2 ? database : another).batches.assign('pixel', asset.id, stagings(asset).map((file) => ({ ...file, name: 'IMG.jpg' })), limits, true)));
          const batches = new Map<string, Delivery[]>();
          for (const { batch, deliveries } of answers) {
            expect(new Set(deliveries.map(({ batchId }) => batchId))).toEqual(new Set([batch.id]));
            batches.set(batch.id, await database.batches.deliveries(batch.id));
          }
          const all = [...batches.values()].flat();
          expect(all.map(({ fileId }) => fileId).sort()).toEqual(assets.flatMap(({ files }) => files.map(({ id }) => id)).sort());
          for (const [id, deliveries] of batches) {
            const batch = await database.batches.find(id);
            const bytes = deliveries.reduce((sum, delivery) => sum + delivery.bytes, 0);
            expect(batch).toMatchObject({ fileCount: deliveries.length, totalBytes: bytes, status: 'open', destination: 'pixel' });
            expect(new Set(deliveries.map(({ name }) => name.toLowerCase())).size).toBe(deliveries.length);
            const alone = new Set(deliveries.map(({ assetId }) => assetId)).size === 1;
            expect(alone || (deliveries.length <= maxFiles && bytes <= maxBytes)).toBe(true);
          }
        }),
        { numRuns: 12 },
      );
    });

    it('take nothing more once sealed', async () => {
      const { database, another } = setup();
      const first = await discovered(database, pair(`${newPrefix()}/a`));
      const { batch } = await database.batches.assign('icloud', first.id, stagings(first), roomy, true);
      expect(batch).toMatchObject({ status: 'open', fileCount: 2, totalBytes: 20, completedAt: null });
      expect(batch.path).toMatch(/^bridge\/icloud\/[^/]+$/);
      const sealed = await Promise.all([database.batches.move(batch.id, 'open', 'created'), another.batches.move(batch.id, 'open', 'created')]);
      expect(sealed.filter(Boolean)).toHaveLength(1);
      const again = await database.batches.assign('icloud', first.id, stagings(first), roomy, true);
      expect(again.batch.id).toBe(batch.id);
      const second = await discovered(database, arrival(`${newPrefix()}/b.jpg`));
      expect((await database.batches.assign('icloud', second.id, stagings(second), roomy, true)).batch.id).not.toBe(batch.id);
      expect((await database.batches.deliveriesOf(first.id)).map(({ name }) => name)).toEqual(['a.HEIC', 'a.MOV']);
    });

    it('can be sealed while others assign: what was answered for is in the sealed list', async () => {
      const { database, another } = setup();
      const prefix = newPrefix();
      const assets = await database.assets.reserve(Array.from({ length: 30 }, (_, i) => arrival(`${prefix}/${i}.jpg`)));
      const lists = new Map<string, readonly Delivery[]>();
      const sealing = async (open: readonly Batch[]) => {
        for (const { id } of open) if (await another.batches.move(id, 'open', 'created')) lists.set(id, await another.batches.deliveries(id));
      };
      await Promise.all(assets.map(async (asset, i) => {
        await database.batches.assign('icloud', asset.id, stagings(asset), roomy, true);
        if (i % 5 === 0) await sealing(await another.batches.open());
      }));
      await sealing(await database.batches.open());
      for (const [id, list] of lists) expect(await database.batches.deliveries(id)).toEqual(list);
      expect([...lists.values()].flat().filter(({ assetId }) => assets.some(({ id }) => id === assetId))).toHaveLength(30);
    });

    it('say when names clash, where they may not be changed', async () => {
      const { database } = setup();
      const [a, b] = [await discovered(database, arrival(`${newPrefix()}/IMG.jpg`)), await discovered(database, arrival(`${newPrefix()}/img.JPG`))];
      await database.batches.assign('icloud', a.id, stagings(a), roomy, false);
      await expect(database.batches.assign('icloud', b.id, stagings(b), roomy, false)).rejects.toMatchObject({ code: 'NAME_CONFLICT' });
      const { batch, deliveries } = await database.batches.assign('icloud', b.id, stagings(b), roomy, true);
      expect(deliveries[0]?.name).toBe('img (2).JPG');
      expect(batch.fileCount).toBe(2);
    });

    it('go their way, and a proof stands', async () => {
      const { database } = setup();
      const asset = await discovered(database, arrival(`${newPrefix()}/a.jpg`));
      const { batch, deliveries } = await database.batches.assign('pixel', asset.id, stagings(asset), roomy, true);
      expect(await database.batches.move(batch.id, 'created', 'uploading')).toBe(false);
      await database.batches.move(batch.id, 'open', 'verified');
      expect((await database.batches.find(batch.id))?.completedAt).toBeInstanceOf(Date);
      await database.batches.setDeliveries(batch.id, 'handed_off', null);
      await database.batches.setDelivery(deliveries[0]!.id, 'proven', '{"seen":true}');
      await database.batches.setDeliveries(batch.id, 'handed_off', null);
      expect(await database.batches.deliveriesOf(asset.id)).toMatchObject([{ state: 'proven', evidence: '{"seen":true}', sha256: sha(asset.files[0]!.path) }]);
      expect((await database.batches.list({ status: 'verified', limit: 1 })).map(({ id }) => id)).toEqual([batch.id]);
      expect(await database.batches.find('nothing')).toBeNull();
    });

    it('writes history, newest first', async () => {
      const { database } = setup();
      const asset = await discovered(database, arrival(`${newPrefix()}/a.jpg`));
      await database.log.write({ ...logOf('bridge', 'one'), assetId: asset.id }, { step: 'cli', status: 'error', message: 'two', assetId: asset.id, code: 'IO_ERROR' });
      await database.log.write();
      const [second, first] = await database.log.list({ assetId: asset.id, limit: 2 });
      expect(second).toMatchObject({ step: 'cli', status: 'error', message: 'two', assetId: asset.id, code: 'IO_ERROR' });
      expect(first).toMatchObject({ step: 'bridge', message: 'one' });
      expect(first && 'code' in first).toBe(false);
      expect((await database.log.list({ assetId: asset.id, status: 'error', limit: 9 })).map(({ message }) => message)).toEqual(['two']);
      await database.log.write({ step: 'ingest', status: 'warning', message: 'of no asset' });
      const [newest] = await database.log.list({ assetId: null, status: 'warning', limit: 1 });
      expect(newest).toMatchObject({ step: 'ingest', message: 'of no asset' });
      expect(newest && 'assetId' in newest).toBe(false);
    });
  });
}
