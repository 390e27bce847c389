import type { AssetRepository, DatabaseConfig } from '../..';
import { PostgresConnection } from '../../engine/postgres-connection';
import type { EngineConnection } from '../../engine/engine-connection';
import { SqliteConnection } from '../../engine/sqlite-connection';
import type { MediaFileRow } from '../../entities/media-file.entity';
import { repositoriesOn } from '../../sql';
import { arrival, discovered, logOf, newPrefix, stagings } from '../samples';

const open = (config: DatabaseConfig): Promise<EngineConnection> => (config.kind === 'sqlite' ? SqliteConnection.open(config.file) : PostgresConnection.open(config.url));

export function legacyContract(config: () => DatabaseConfig): void {
  it('keeps the columns of the system being replaced truthful', async () => {
    const connection = await open(config());
    try {
      const database = repositoriesOn(connection);
      const asset = await discovered(database, arrival(`${newPrefix()}/a.jpg`, { bytes: 1_000 }));
      const [file] = asset.files;
      const row = async () => {
        const [found] = await connection.reads.all<MediaFileRow>('select * from media_files where id = ?', file!.id);
        return found!;
      };
      const figures = async () => {
        const { original_size, compressed_size, space_saved, compression_percentage, compression_ratio } = await row();
        return [original_size, compressed_size, space_saved, compression_percentage, compression_ratio].map(Number);
      };
      const step = async (from: Parameters<AssetRepository['move']>[1], to: typeof from) => {
        await database.assets.move(asset.id, from, to, logOf('cli'));
        return (await row()).status;
      };
      expect((await row()).status).toBe('downloaded');
      expect(await step('discovered', 'unique')).toBe('deduplicated');
      const made = { fileId: file!.id, assetId: asset.id, sourceSha256: file!.sha256!, outcome: 'compressed' as const, code: null, reason: null, path: null, sha256: null, settings: '{}', proof: null };
      await database.renditions.save({ ...made, bytes: 333 });
      expect(await figures()).toEqual([1_000, 333, 667, 66.7, 3]);
      await database.renditions.save({ ...made, outcome: 'kept', bytes: null });
      expect(await figures()).toEqual([1_000, 1_000, 0, 0, 1]);
      expect(await step('unique', 'compressed')).toBe('compressed');
      const { batch } = await database.batches.assign('icloud', asset.id, stagings(asset), { maxFiles: 1, maxBytes: 1 }, true);
      expect((await row()).batch_id).toBe(batch.id);
      expect(await step('compressed', 'bridged')).toBe('batched');
      await database.batches.setDeliveries(batch.id, 'handed_off', null);
      expect((await row()).status).toBe('uploaded');
      expect(await step('bridged', 'verified')).toBe('verified');
      expect((await row()).processed_at).toBeNull();
      expect(await step('verified', 'sorted')).toBe('verified');
      expect((await row()).processed_at).not.toBeNull();
      expect(Boolean((await row()).is_duplicate)).toBe(false);
      const twin = await discovered(database, arrival(`${newPrefix()}/b.jpg`));
      await database.assets.move(twin.id, 'discovered', 'duplicate', logOf('dedupe'), { duplicateOf: asset.id });
      const [duplicate] = await connection.reads.all<MediaFileRow>('select * from media_files where asset_id = ?', twin.id);
      expect(duplicate?.status).toBe('deduplicated');
      expect(Boolean(duplicate?.is_duplicate)).toBe(true);
    } finally {
      await connection.close();
    }
  });
}
