import { CloudContentRepository, type CloudContentFile, type CloudContentPage } from '../cloud-contents';
import { insert } from '../engine/insert';
import type { Connection } from '../engine/session';
import type { CloudContentRow, CloudZoneRow } from '../entities/cloud-content.entities';
import { clean, count, list } from './values';

const columns = ['zone', 'record_name', 'role', 'master_name', 'checksum', 'bytes', 'state'];

export class SqlCloudContentRepository extends CloudContentRepository {
  constructor(private readonly connection: Connection) {
    super();
  }

  override async syncToken(zone: string): Promise<string | null> {
    const [row] = await this.connection.reads.all<CloudZoneRow>('select * from cloud_zones where zone = ?', clean(zone));
    return row?.sync_token ?? null;
  }

  override async save(zone: string, { fromScratch, assets, files, syncToken }: CloudContentPage): Promise<void> {
    const of = clean(zone);
    await this.connection.write(async (session) => {
      if (fromScratch) await session.run('delete from cloud_contents where zone = ?', of);
      else if (assets.length > 0) await session.run(`delete from cloud_contents where zone = ? and record_name in ${session.dialect.list.text}`, of, list(assets.map(clean)));
      const rows = files.map(({ recordName, role, masterName, checksum, bytes, state }) => [of, clean(recordName), role, clean(masterName), clean(checksum), bytes, state]);
      await insert(session, 'cloud_contents', columns, rows, 'on conflict (zone, record_name, role) do update set master_name = excluded.master_name, checksum = excluded.checksum, bytes = excluded.bytes, state = excluded.state');
      await session.run('insert into cloud_zones (zone, sync_token) values (?, ?) on conflict (zone) do update set sync_token = excluded.sync_token', of, syncToken);
    });
  }

  override async find(zone: string, checksums: readonly string[]): Promise<CloudContentFile[]> {
    if (checksums.length === 0) return [];
    const session = this.connection.reads;
    const rows = await session.all<CloudContentRow>(
      `select * from cloud_contents where zone = ? and checksum in ${session.dialect.list.text} order by record_name, role`,
      clean(zone),
      list(checksums.map(clean)),
    );
    return rows.map(({ record_name, master_name, role, checksum, bytes, state }) => ({ recordName: record_name, masterName: master_name, role, checksum, bytes: count(bytes), state }));
  }
}
