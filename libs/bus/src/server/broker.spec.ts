import { emit } from '@media-pipeline/contracts';
import { waitFor } from '@media-pipeline/testing';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bus } from '../bus';
import { startBroker, type Broker } from './broker';
import { atLeast } from './find-server';
import { quote, serverConfig } from './server-config';

const containing = (text: string): unknown => expect.stringContaining(text);

let directory: string;
const brokers: Broker[] = [];

beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'broker "é" \\ '))));
afterEach(async () => {
  await Promise.all(brokers.splice(0).map((broker) => broker.stop()));
  await rm(directory, { recursive: true, force: true });
});

const start = async (): Promise<Broker> => {
  const broker = await startBroker({ storeDirectory: join(directory, 'store'), logFile: join(directory, 'logs', 'nats.log') });
  brokers.push(broker);
  return broker;
};

it('answers once started, keeps its messages over a stop, and writes its log', async () => {
  const first = await start();
  const bus = await Bus.connect({ url: first.url, name: 'test' });
  await bus.provision();
  await bus.publish(emit('media.discovered', { path: 'originals/a.jpg' }, 'a'));
  await bus.close();
  await first.stop();
  expect(first.pid).toBeUndefined();
  const second = await start();
  const again = await Bus.connect({ url: second.url, name: 'test' });
  expect((await again.lag()).find(({ durable }) => durable === 'dedupe')?.pending).toBe(1);
  await again.close();
  expect(await readFile(join(directory, 'logs', 'nats.log'), 'utf8')).toContain('JetStream');
});

it('comes back on the same port and store when it is killed', async () => {
  const broker = await start();
  const bus = await Bus.connect({ url: broker.url, name: 'test' });
  await bus.provision();
  await bus.publish(emit('media.discovered', { path: 'originals/a.jpg' }, 'a'));
  const { pid } = broker;
  if (pid === undefined) throw new Error('no process');
  process.kill(pid, 'SIGKILL');
  await waitFor(() => broker.pid !== undefined && broker.pid !== pid);
  expect(await bus.publish(emit('media.discovered', { path: 'originals/b.jpg' }, 'b'))).toMatchObject({ sequence: 2 });
  await bus.close();
});

it('ends a server that a killed run left on the same store', async () => {
  const orphan = await start();
  brokers.pop();
  const { pid } = orphan;
  // as if its owner were gone: nobody brings it back
  (Reflect.get(orphan, 'stopping') as AbortController).abort();
  const broker = await start();
  expect(broker.pid).not.toBe(pid);
  expect(orphan.pid).toBeUndefined();
});

it('says why it does not start', async () => {
  const { port } = await start();
  await expect(startBroker({ storeDirectory: join(directory, 'other'), logFile: join(directory, 'other.log'), port })).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE', message: containing(String(port)) });
});

it('asks for synchronous writes where the server knows them', () => {
  const settings = { port: 4222, storeDirectory: '/a', logFile: '/b', pidFile: '/c' };
  expect(serverConfig({ ...settings, version: '2.9.10' })).not.toContain('sync_interval');
  expect(serverConfig({ ...settings, version: '2.11.0' })).toContain('sync_interval: always');
  expect([atLeast('2.9.10', 2, 10), atLeast('2.10.0', 2, 10), atLeast('3.0.1', 2, 10)]).toEqual([false, true, true]);
  expect(quote('a "b" \\ \n')).toBe('"a \\"b\\" \\\\ \\n"');
});
