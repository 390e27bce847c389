import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { done, emit, PipelineError, retry, type Outcome } from '@media-pipeline/contracts';
import { publishOverTcp, waitFor } from '@media-pipeline/testing';
import { RememberedLetters } from '../e2e/listening-stage';
import { Scene } from '../e2e/scene';
import type { BusLogger } from '../logger';

const subject = 'media.icloud.code';
const durable = 'ingest-icloud-code';
const code = '739105';

let scene: Scene;
let said: string[];
const plain = (_: string, value: unknown): unknown => (value instanceof Error ? { name: value.name, message: value.message, cause: String(value.cause) } : value);
const write = (fields: object, message: string): void => void said.push(`${message} ${JSON.stringify(fields, plain)}`);
const logger: BusLogger = { debug: write, info: write, warn: write, error: write };

beforeAll(async () => (scene = await Scene.open()));
beforeEach(() => void (said = []));
afterEach(() => scene.clear());
afterAll(() => scene.close());

/** Everything that the broker has on its disk. */
async function store(): Promise<string> {
  const entries = await readdir(scene.nats.directory, { recursive: true, withFileTypes: true });
  const contents = await Promise.all(entries.filter((entry) => entry.isFile()).map((entry) => readFile(path.join(entry.parentPath, entry.name), 'latin1').catch(() => '')));
  return contents.join('\n');
}

async function stored(): Promise<number> {
  return scene.administer(async (manager) => (await manager.streams.info('MEDIA')).state.messages);
}

async function ask(handle: () => Promise<Outcome>, body = `{"code":"${code}"}`) {
  const bus = await scene.bus({ logger });
  const listener = new RememberedLetters();
  const answered = jest.fn(handle);
  await publishOverTcp(scene.nats.port, subject, body);
  await waitFor(async () => (await stored()) === 1);
  await scene.stage({ bus, stage: 'ingest', subject, handle: answered, options: { deadLetterListener: listener, logger } });
  return { bus, listener, answered };
}

it('are erased once they were handled', async () => {
  const { bus, answered } = await ask(async () => done());
  await waitFor(async () => (await stored()) === 0);
  expect(answered).toHaveBeenCalledTimes(1);
  expect(await store()).not.toContain(code);
  expect((await bus.lag()).find((lag) => lag.durable === durable)).toMatchObject({ pending: 0, underWay: 0 });
});

it('stay while they are put off, and are erased then', async () => {
  let calls = 0;
  const { answered } = await ask(async () => (++calls < 15 ? retry(5, 'not now') : done()));
  await waitFor(() => calls >= 15);
  await waitFor(async () => (await stored()) === 0);
  expect(answered).toHaveBeenCalledTimes(15);
  expect(await store()).not.toContain(code);
});

it.each([
  ['that cannot help', `{"code":"${code}"}`, 'ICLOUD_CODE_WRONG'],
  ['that is no JSON', `code ${code}`, 'INVALID_MESSAGE'],
  ['that is no code', `{"code":"${code}99"}`, 'INVALID_MESSAGE'],
])('leave a dead letter without their body: one %s', async (_what, body, expected) => {
  const { bus, listener } = await ask(() => Promise.reject(new PipelineError('ICLOUD_CODE_WRONG', 'Apple says that this was not the code')), body);
  await waitFor(() => listener.letters.length === 1);
  await waitFor(async () => (await stored()) === 0);
  expect(listener.letters).toEqual([expect.objectContaining({ code: expected, payload: {} })]);
  const [letter] = await bus.deadLetters.list();
  expect(letter).toMatchObject({ code: expected, subject, body: new Uint8Array() });
  expect(JSON.stringify(letter) + said.join('\n') + (await store())).not.toContain(code);
  await expect(bus.deadLetters.retry(letter?.sequence ?? 0)).rejects.toMatchObject({ code: 'INVALID_MESSAGE' });
});

it('are erased though everybody who took them died', async () => {
  const tuning = { ackWaitMs: 100, maxDeliver: 1 };
  const bus = await scene.bus({ tuning, logger });
  await bus.publish(emit(subject, { code }, 'once'));
  // three deliveries that nobody settles use the server's limit up
  await scene.administer(async (manager) => {
    const consumer = await manager.jetstream().consumers.get('MEDIA', durable);
    for (let take = 0; take < 3; take++) await waitFor(async () => (await consumer.next({ expires: 1_000 })) !== null);
    await consumer.next({ expires: 1_000 });
  });
  const listener = new RememberedLetters();
  await scene.stage({ bus, stage: 'ingest', subject, handle: async () => done(), options: { deadLetterListener: listener, logger } });
  await waitFor(() => listener.letters.length === 1);
  await waitFor(async () => (await stored()) === 0);
  expect(listener.letters).toEqual([expect.objectContaining({ code: 'CRASHED_EVERY_TIME', payload: {} })]);
  expect(said.join('\n') + (await store())).not.toContain(code);
});
