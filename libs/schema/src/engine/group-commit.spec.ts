import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import BetterSqlite3 from 'better-sqlite3';
import { waitFor } from '@media-pipeline/testing';
import type { Session } from './session';
import { SqliteConnection } from './sqlite-connection';

let folder: string;
let connection: SqliteConnection;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mp-schema-'));
  connection = await SqliteConnection.open(path.join(folder, 'state', 'pipeline.db'));
});
afterEach(async () => {
  await connection.close();
  await rm(folder, { recursive: true });
});

const say = (session: Session, message: string) => session.run("insert into pipeline_logs (step, message, status, created_at) values ('cli', ?, 'info', '')", message);
const said = async () => (await connection.reads.all<{ message: string }>('select message from pipeline_logs order by id')).map(({ message }) => message);

/** Every statement of the writing connection; one of them can be made to fail. */
function watch(failing?: string): string[] {
  const runner = connection.source.createQueryRunner();
  const query = runner.query.bind(runner);
  const statements: string[] = [];
  jest.spyOn(runner, 'query').mockImplementation((...call: [sql: string, parameters?: unknown, structured?: unknown]) => {
    statements.push(call[0]);
    if (call[0] === failing) return Promise.reject(Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR_FSYNC' }));
    return Reflect.apply(query, runner, call) as Promise<unknown>;
  });
  return statements;
}

describe('GroupCommit', () => {
  it('shares one durable commit among those who write at the same time', async () => {
    const statements = watch();
    // a group also ends after some time, which a busy machine may need for these
    const clock = jest.spyOn(performance, 'now').mockReturnValue(performance.now());
    await Promise.all(Array.from({ length: 50 }, (_, i) => connection.write((session) => say(session, `${i}`))));
    clock.mockRestore();
    expect(statements.filter((sql) => sql === 'COMMIT')).toHaveLength(1);
    expect(await said()).toEqual(Array.from({ length: 50 }, (_, i) => `${i}`));
  });

  it('rolls back a unit that fails, and only that', async () => {
    const answers = await Promise.allSettled(
      [0, 1, 2].map((n) =>
        connection.write(async (session) => {
          await say(session, `${n}`);
          if (n === 1) throw new Error('no');
          return n;
        }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await said()).toEqual(['0', '2']);
  });

  it('answers nobody before the commit, and everybody with its failure', async () => {
    watch('COMMIT');
    const answers = await Promise.allSettled(['a', 'b'].map((message) => connection.write((session) => say(session, message))));
    for (const answer of answers) expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'IO_ERROR' } });
    expect(await said()).toEqual([]);
    jest.restoreAllMocks();
    await connection.write((session) => say(session, 'c'));
    expect(await said()).toEqual(['c']);
  });

  it('shows nobody outside what is not committed', async () => {
    await connection.write(async (session) => {
      await say(session, 'a');
      expect(await session.all('select message from pipeline_logs')).toEqual([{ message: 'a' }]);
      expect(await said()).toEqual([]);
    });
    expect(await said()).toEqual(['a']);
  });

  it('refuses a write inside a write, and a statement after the end', async () => {
    await connection.write(async (session) => {
      await say(session, 'a');
      await expect((async () => connection.write((inner) => say(inner, 'b')))()).rejects.toMatchObject({ code: 'UNEXPECTED' });
    });
    const kept = await connection.write((session) => Promise.resolve([session]));
    await expect(say(kept[0]!, 'late')).rejects.toMatchObject({ code: 'UNEXPECTED' });
    expect(await said()).toEqual(['a']);
  });

  it('waits for another process without holding up its own', async () => {
    const other = new BetterSqlite3(path.join(folder, 'state', 'pipeline.db'));
    other.exec('begin immediate');
    let done = false;
    const written = connection.write((session) => say(session, 'a')).then(() => (done = true));
    const before = performance.now();
    let turns = 0;
    while (performance.now() - before < 100) {
      await nextTurn();
      turns += 1;
    }
    expect(done).toBe(false);
    expect(turns).toBeGreaterThan(50);
    other.exec('commit');
    other.close();
    await waitFor(() => done);
    await written;
  });

  it('is full when the disk is, and goes on when there is room again', async () => {
    const runner = connection.source.createQueryRunner();
    const [{ page_count: pages }] = (await runner.query('PRAGMA page_count')) as [{ page_count: number }];
    await runner.query(`PRAGMA max_page_count = ${pages}`);
    const long = 'x'.repeat(100_000);
    const answers = await Promise.allSettled([long, 'a', long].map((message) => connection.write((session) => say(session, message))));
    expect(answers[0]).toMatchObject({ status: 'rejected', reason: { code: 'DISK_FULL' } });
    expect(answers[2]).toMatchObject({ status: 'rejected', reason: { code: 'DISK_FULL' } });
    // Whatever was answered well is there, whatever was not is not.
    expect(await said()).toEqual(answers[1]?.status === 'fulfilled' ? ['a'] : []);
    await runner.query('PRAGMA max_page_count = 1000000');
    await connection.write((session) => say(session, 'b'));
    expect((await said()).at(-1)).toBe('b');
  });

  it('settles what was asked for before it closes, and takes nothing after', async () => {
    const second = await SqliteConnection.open(path.join(folder, 'state', 'pipeline.db'));
    const written = ['a', 'b'].map((message) => second.write((session) => say(session, message)));
    await second.close();
    await Promise.all(written);
    expect(await said()).toEqual(['a', 'b']);
    await expect(second.write((session) => say(session, 'c'))).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  });
});
