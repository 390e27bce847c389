import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { waitFor } from '@media-pipeline/testing';
import { SqliteConnection } from '../engine/sqlite-connection';
import { startWorker } from './processes';
import { newPrefix } from './samples';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'mp-schema-'))));
afterAll(() => rm(folder, { recursive: true }));

it('keeps every answered transaction whole, and no half of another, when writers are killed', async () => {
  const file = path.join(folder, 'pipeline.db');
  const answered = new Set<string>();
  for (const round of [1, 2, 3]) {
    const workers = [0, 1].map(() => startWorker({ kind: 'storm', config: { kind: 'sqlite', file }, prefix: newPrefix() }));
    await waitFor(() => workers.every(({ lines }) => lines.length >= 40 * round));
    for (const { child } of workers) child.kill('SIGKILL');
    for (const { ended } of workers) {
      // The last line may have been cut off by the kill.
      const lines = await ended;
      for (const line of lines) if (/^"[0-9a-f-]{36}"$/.test(line)) answered.add(JSON.parse(line) as string);
    }
  }
  const connection = await SqliteConnection.open(file);
  const rows = (sql: string) => connection.reads.all<Record<string, unknown>>(sql);
  expect(await rows('pragma integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  expect(await rows('pragma foreign_key_check')).toEqual([]);
  const states = new Map((await rows('select id, state from assets')).map(({ id, state }) => [id, state]));
  for (const id of answered) expect(states.get(id)).toBe('unique');
  expect(new Set(states.values())).not.toContain('discovered');
  // An asset came with its file and its source file; one that moved on has the whole of its history and its hash.
  expect(await rows('select id from assets where id not in (select asset_id from media_files) or id not in (select asset_id from source_files)')).toEqual([]);
  expect(await rows("select a.id from assets a left join pipeline_logs l on l.asset_id = a.id where a.state = 'unique' group by a.id having count(l.id) <> 3")).toEqual([]);
  expect(await rows("select a.id from assets a join media_files f on f.asset_id = a.id where (a.state = 'unique') <> (f.file_hash is not null)")).toEqual([]);
  await connection.close();
});
