import type { LibraryPath } from '@media-pipeline/contracts';
import { PipelineError } from '@media-pipeline/contracts';
import { newId } from '../engine/id';
import type { Connection } from '../engine/session';
import type { RenditionRow } from '../entities/rendition.entity';
import type { Rendition } from '../records';
import { RenditionRepository } from '../repositories';
import { toRendition } from './asset-rows';
import { clean, now } from './values';

export class SqlRenditionRepository extends RenditionRepository {
  constructor(private readonly connection: Connection) {
    super();
  }

  override save(made: Omit<Rendition, 'id' | 'archivedPath'>): Promise<Rendition> {
    return this.connection.write(async (session) => {
      const at = now();
      // An archived copy of other bytes is no copy of this rendition.
      const [row] = await session.all<RenditionRow>(
        `insert into renditions (id, file_id, asset_id, source_sha256, outcome, code, reason, path, sha256, bytes, settings, proof, created_at, updated_at)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         on conflict (file_id) do update set asset_id = excluded.asset_id, source_sha256 = excluded.source_sha256, outcome = excluded.outcome,
           code = excluded.code, reason = excluded.reason, path = excluded.path, bytes = excluded.bytes, settings = excluded.settings, proof = excluded.proof,
           archived_path = case when renditions.sha256 = excluded.sha256 then renditions.archived_path else null end,
           sha256 = excluded.sha256, updated_at = excluded.updated_at
         returning *`,
        ...[newId(), made.fileId, made.assetId, made.sourceSha256, made.outcome, made.code, made.reason === null ? null : clean(made.reason)],
        ...[made.path, made.sha256, made.bytes, made.settings, made.proof, at, at],
      );
      if (!row) throw new PipelineError('UNEXPECTED', `the rendition of file ${made.fileId} was not saved`);
      await session.run(
        `update media_files set compressed_size = c.size, space_saved = file_size - c.size, updated_at = c.at,
           compression_percentage = round(100.0 * (file_size - c.size) / nullif(file_size, 0), 2),
           compression_ratio = round(1.0 * file_size / nullif(c.size, 0), 2)
         from (select coalesce(r.bytes, f.file_size) as size, r.updated_at as at from renditions r join media_files f on f.id = r.file_id where r.id = ?) c
         where id = ?`,
        row.id,
        made.fileId,
      );
      return toRendition(row);
    });
  }

  override async setArchivedPath(id: string, path: LibraryPath): Promise<void> {
    await this.connection.write((session) => session.run('update renditions set archived_path = ?, updated_at = ? where id = ?', path, now(), id));
  }

  override async findBySource(sha256: string, settings: string): Promise<Rendition | null> {
    const [row] = await this.connection.reads.all<RenditionRow>(
      'select * from renditions where source_sha256 = ? and settings = ? order by updated_at desc, id desc limit 1',
      sha256,
      settings,
    );
    return row ? toRendition(row) : null;
  }

  override async findByResult(sha256: string): Promise<Rendition | null> {
    const [row] = await this.connection.reads.all<RenditionRow>("select * from renditions where sha256 = ? and outcome = 'compressed' order by created_at, id limit 1", sha256);
    if (row) return toRendition(row);
    const [earlier] = await this.connection.reads.all<RenditionRow>(
      "select r.* from recompressions again join renditions r on r.file_id = again.file_id where again.earlier_sha256 = ? and r.outcome = 'compressed' order by again.id limit 1",
      sha256,
    );
    return earlier ? toRendition(earlier) : null;
  }
}
