import { assetStates, type AssetState, type LibraryPath } from '@media-pipeline/contracts';
import { isUniqueViolation } from '../engine/database-errors';
import { isId, newId } from '../engine/id';
import { insert } from '../engine/insert';
import type { Connection, Session } from '../engine/session';
import type { AssetRow } from '../entities/asset.entity';
import type { Int64 } from '../entities/constraints';
import type { AssetSource, AssetWithFiles, GoneHow, LogEntry } from '../records';
import { AssetRepository, type Arrival, type ArrivedFile, type AssetFilter, type KnownContent, type SeenSourceFile } from '../repositories';
import { adopt, type AdoptedFile } from './adopt';
import { reserveArchivePaths } from './archive-names';
import { findAsset, findAssetIdByPath, findAssets, withFiles } from './asset-rows';
import { findContent, noteChecksums } from './content-checksums';
import { countGone, recordGone, recordReturned } from './gone';
import { nameTaken } from './name-taken';
import { reserve } from './reserve';
import { seen, seenFiles } from './seen';
import { move, revive, stop, type AssetChange } from './transitions';
import { boundedKey, count, list, now, pathKey } from './values';

export class SqlAssetRepository extends AssetRepository {
  constructor(private readonly connection: Connection) {
    super();
  }

  override seen(source: AssetSource, prefix: string): Promise<Map<string, SeenSourceFile>> {
    return seen(this.connection.reads, source, prefix);
  }

  override seenFiles(source: AssetSource, sourcePaths: readonly string[]): Promise<Map<string, SeenSourceFile>> {
    return seenFiles(this.connection.reads, source, sourcePaths);
  }

  override async ofSourceRecords(source: AssetSource, records: readonly string[]): Promise<AssetWithFiles[]> {
    if (records.length === 0) return [];
    const session = this.connection.reads;
    const rows = await session.all<AssetRow>(`select * from assets where source = ? and source_record in ${session.dialect.list.text} order by id`, source, list(records.map(boundedKey)));
    return withFiles(session, rows);
  }

  override async recordGone(ids: readonly string[], how: GoneHow, log: LogEntry): Promise<string[]> {
    return ids.length === 0 ? [] : this.connection.write((session) => recordGone(session, ids.filter(isId), how, log));
  }

  override async recordReturned(ids: readonly string[], log: LogEntry): Promise<string[]> {
    return ids.length === 0 ? [] : this.connection.write((session) => recordReturned(session, ids.filter(isId), log));
  }

  override countGone(source: AssetSource): Promise<Record<GoneHow, number>> {
    return countGone(this.connection.reads, source);
  }

  /** One transaction for all of `arrivals`: some hundreds at a time keep it short. */
  override async reserve(arrivals: readonly Arrival[]): Promise<AssetWithFiles[]> {
    return arrivals.length === 0 ? [] : this.connection.write((session) => reserve(session, arrivals));
  }

  override arrived(assetId: string, files: readonly ArrivedFile[], log: LogEntry): Promise<boolean> {
    return this.connection.write(async (session) => {
      if (!(await move(session, assetId, 'arriving', 'discovered', log))) return false;
      for (const { fileId, sha256, bytes } of files) {
        await session.run(
          'update media_files set file_hash = ?, file_size = ?, original_size = ?, updated_at = ? where id = ? and asset_id = ?',
          sha256,
          bytes,
          bytes,
          now(),
          fileId,
          assetId,
        );
      }
      await noteChecksums(session, files);
      return true;
    });
  }

  override findContent(checksum: string): Promise<KnownContent | null> {
    return findContent(this.connection.reads, checksum);
  }

  override adopt(path: LibraryPath, file: AdoptedFile): Promise<AssetWithFiles> {
    return this.connection.write((session) => adopt(session, path, file));
  }

  override async find(id: string): Promise<AssetWithFiles | null> {
    return isId(id) ? findAsset(this.connection.reads, id) : null;
  }

  override async findByPath(path: LibraryPath): Promise<AssetWithFiles | null> {
    const id = await findAssetIdByPath(this.connection.reads, path, pathKey(path));
    return id === null ? null : findAsset(this.connection.reads, id);
  }

  override findMany(ids: readonly string[]): Promise<AssetWithFiles[]> {
    return findAssets(this.connection.reads, ids.filter(isId));
  }

  override move(id: string, from: AssetState, to: AssetState, log: LogEntry, change?: AssetChange): Promise<boolean> {
    return this.connection.write((session) => move(session, id, from, to, log, change));
  }

  override stop(id: string, as: 'set_aside' | 'failed', why: { readonly code: string; readonly reason: string }, log: LogEntry): Promise<boolean> {
    return this.connection.write((session) => stop(session, id, as, why, log));
  }

  override revive(id: string, log: LogEntry): Promise<AssetState | null> {
    return this.connection.write((session) => revive(session, id, log));
  }

  override claimContent(assetId: string, hashes: readonly string[]): Promise<Map<string, string>> {
    // One order for all: two claimers of the same hashes wait for each other at most once.
    const sorted = [...new Set(hashes)].sort();
    return this.connection.write(async (session) => {
      const at = now();
      const rows = sorted.map((sha256) => [sha256, assetId, at]);
      await insert(session, 'content_claims', ['sha256', 'asset_id', 'created_at'], rows, 'on conflict (sha256) do nothing');
      const owners = await session.all<{ sha256: string; asset_id: string }>(
        `select sha256, asset_id from content_claims where sha256 in ${session.dialect.list.text}`,
        list(sorted),
      );
      return new Map(owners.map((owner) => [owner.sha256, owner.asset_id]));
    });
  }

  override async recordDuplicate(pairs: readonly { readonly originalFileId: string; readonly duplicateFileId: string; readonly sha256: string }[]): Promise<void> {
    if (pairs.length === 0) return;
    const at = now();
    const rows = pairs.map(({ originalFileId, duplicateFileId, sha256 }) => [newId(), originalFileId, duplicateFileId, sha256, at]);
    const columns = ['id', 'original_file_id', 'duplicate_file_id', 'hash', 'created_at'];
    await this.connection.write((session) => insert(session, 'duplicate_files', columns, rows, 'on conflict (original_file_id, duplicate_file_id) do nothing'));
  }

  override async setCaptureDate(id: string, captureDate: string | null, source: string): Promise<void> {
    await this.connection.write((session) =>
      session.run('update assets set capture_date = ?, capture_date_source = ?, updated_at = ? where id = ?', captureDate, source, now(), id),
    );
  }

  /** NAME_CONFLICT when another file has the place. */
  override async setFilePath(fileId: string, path: LibraryPath): Promise<void> {
    await this.connection.write((session) => this.placeFile(session, fileId, path));
  }

  override async setArchivedPath(fileId: string, path: LibraryPath): Promise<void> {
    await this.connection.write((session) => session.run('update media_files set archived_path = ?, updated_at = ? where id = ?', path, now(), fileId));
  }

  override async reserveArchivePaths(assetId: string, wanted: readonly { readonly ownerId: string; readonly path: LibraryPath }[]): Promise<LibraryPath[]> {
    return wanted.length === 0 ? [] : this.connection.write((session) => reserveArchivePaths(session, assetId, wanted));
  }

  override async countByState(): Promise<Record<AssetState, number>> {
    const rows = await this.connection.reads.all<{ state: AssetState; assets: Int64 }>('select state, count(*) as assets from assets group by state');
    const counts = new Map(rows.map((row) => [row.state, count(row.assets)]));
    return Object.fromEntries(assetStates.map((state) => [state, counts.get(state) ?? 0])) as Record<AssetState, number>;
  }

  override async countByCode(): Promise<Map<string, number>> {
    const rows = await this.connection.reads.all<{ code: string; assets: Int64 }>(
      `select code, count(*) as assets
       from (select id, code from assets where code is not null union select asset_id, code from renditions where code is not null) as coded
       group by code order by assets desc, code`,
    );
    return new Map(rows.map(({ code, assets }) => [code, count(assets)]));
  }

  override async list(filter: AssetFilter): Promise<AssetWithFiles[]> {
    const wanted: readonly (readonly [condition: string, ...values: (string | undefined)[]])[] = [
      ['state = ?', filter.state],
      ['(assets.code = ? or id in (select asset_id from renditions where renditions.code = ?))', filter.code, filter.code],
      ['source = ?', filter.source],
      ['duplicate_of = ?', filter.duplicateOf],
      ['id > ?', filter.after],
    ];
    const used = wanted.flatMap(([condition, ...values]) => (values.includes(undefined) ? [] : [{ condition, values: values.filter((value) => value !== undefined) }]));
    const gone = filter.gone === undefined ? [] : [`gone_at is ${filter.gone ? 'not ' : ''}null`];
    const conditions = [...used.map(({ condition }) => condition), ...gone];
    const where = conditions.length > 0 ? `where ${conditions.join(' and ')}` : '';
    const session = this.connection.reads;
    const rows = await session.all<AssetRow>(`select * from assets ${where} order by id limit ?`, ...used.flatMap(({ values }) => values), filter.limit);
    return withFiles(session, rows);
  }

  private async placeFile(session: Session, fileId: string, path: LibraryPath): Promise<void> {
    try {
      await session.run('update media_files set file_path = ?, path_key = ?, updated_at = ? where id = ?', path, pathKey(path), now(), fileId);
    } catch (error) {
      throw isUniqueViolation(error) ? nameTaken(path, error) : error;
    }
  }
}
