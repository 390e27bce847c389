import { insert } from '../engine/insert';
import type { Connection } from '../engine/session';
import type { OwnUploadRow } from '../entities/own-upload.entity';
import { OwnUploadRepository, type OwnUpload } from '../own-uploads';
import { clean, count, list, now } from './values';

export class SqlOwnUploadRepository extends OwnUploadRepository {
  constructor(private readonly connection: Connection) {
    super();
  }

  override async note(contents: readonly OwnUpload[]): Promise<void> {
    if (contents.length === 0) return;
    const at = now();
    const rows = contents.map(({ checksum, bytes, sha256 }) => [clean(checksum), bytes, sha256, at] as const);
    // Sorted: two writers of the same ones wait for each other at most once.
    rows.sort(([a], [b]) => (a < b ? -1 : 1));
    await this.connection.write((session) => insert(session, 'own_uploads', ['checksum', 'bytes', 'sha256', 'created_at'], rows, 'on conflict (checksum) do nothing'));
  }

  override async find(checksums: readonly string[]): Promise<OwnUpload[]> {
    if (checksums.length === 0) return [];
    const session = this.connection.reads;
    const rows = await session.all<OwnUploadRow>(`select * from own_uploads where checksum in ${session.dialect.list.text} order by checksum`, list(checksums.map(clean)));
    return rows.map(({ checksum, bytes, sha256 }) => ({ checksum, bytes: count(bytes), sha256 }));
  }
}
