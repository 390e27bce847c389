import { Bus } from '@media-pipeline/bus';
import { loadConfig } from '@media-pipeline/config';
import { done, retry, skip } from '@media-pipeline/contracts';
import { createLogger } from '@media-pipeline/stage';
import { startNats, waitFor, type TestNats } from '@media-pipeline/testing';
import { SourceScheduler, turnsOf } from './source-scheduler';

let nats: TestNats;
let bus: Bus;
beforeAll(async () => {
  nats = await startNats();
  bus = await Bus.connect({ url: nats.url, name: 'test' });
  await bus.provision();
});
afterAll(async () => {
  await bus.close();
  await nats.destroy();
});

const schedulerIn = (mode: string): SourceScheduler => {
  const overrides = { NAS_MOUNT: '/library', FOLDER_SOURCE_PATH: '/source', FOLDER_SOURCE_SCAN_SECONDS: '1', PIPELINE_EXECUTION_MODE: mode };
  const { config } = loadConfig({ env: {}, overrides });
  return new SourceScheduler(config, bus, createLogger({ level: 'fatal' }, 'ingest'));
};
const waiting = async (): Promise<number> => (await bus.lag()).find(({ stage }) => stage === 'ingest')?.pending ?? 0;

it('leaves it to others where the run is to end', async () => {
  const publish = jest.spyOn(bus, 'publish');
  const scheduler = schedulerIn('single');
  scheduler.onApplicationBootstrap();
  scheduler.onModuleDestroy();
  expect(publish).not.toHaveBeenCalled();
  publish.mockRestore();
  expect(await waiting()).toBe(0);
});

it('asks at start, and not again while a request waits', async () => {
  const lag = jest.spyOn(bus, 'lag');
  const scheduler = schedulerIn('continuous');
  scheduler.onApplicationBootstrap();
  await waitFor(async () => (await waiting()) === 1);
  const looked = lag.mock.calls.length;
  // two more turns of the timer, each of which looks and finds the first request waiting
  await waitFor(() => lag.mock.calls.length >= looked + 2);
  scheduler.onModuleDestroy();
  expect(await waiting()).toBe(1);
});

it('tries a reading again by the clock, so that nobody who asks meanwhile has to wait', async () => {
  const { config } = loadConfig({ env: {}, overrides: { NAS_MOUNT: '/library', ENABLE_FOLDER_DOWNLOAD: 'false', ENABLE_ICLOUD_DOWNLOAD: 'true', ICLOUD_USERNAME: 'anna@example.com', PIPELINE_EXECUTION_MODE: 'continuous' } });
  const asked = async (): Promise<number> => (await bus.lag()).find(({ durable }) => durable === 'ingest-icloud')?.pending ?? 0;
  const before = await asked();
  const scheduler = new SourceScheduler(config, bus, createLogger({ level: 'fatal' }, 'ingest'));
  const publish = jest.spyOn(bus, 'publish');
  const lag = jest.spyOn(bus, 'lag').mockResolvedValue([]);
  expect(scheduler.byClock('icloud', retry(3_600_000, 'Apple asks to wait'))).toEqual(skip('Apple asks to wait; it is tried again in 3600 s'));
  expect(scheduler.byClock('icloud', retry(1, 'sooner'))).toMatchObject({ kind: 'skip' });
  await waitFor(() => publish.mock.calls.length === 1);
  lag.mockRestore();
  publish.mockRestore();
  await waitFor(async () => (await asked()) === before + 1);
  expect(scheduler.byClock('icloud', done())).toEqual(done());
  scheduler.onModuleDestroy();
  expect(schedulerIn('single').byClock('icloud', retry(1, 'the broker brings it again'))).toEqual(retry(1, 'the broker brings it again'));
});

it('gives each source its own turn, where it is on and known', () => {
  const turns = (overrides: Record<string, string>) => turnsOf(loadConfig({ env: {}, overrides: { NAS_MOUNT: '/library', PIPELINE_EXECUTION_MODE: 'continuous', ...overrides } }).config);
  const both = { FOLDER_SOURCE_PATH: '/source', ENABLE_ICLOUD_DOWNLOAD: 'true', ICLOUD_USERNAME: 'anna@example.com', ICLOUD_SYNC_MINUTES: '5' };
  expect(turns(both)).toEqual([
    { source: 'folder', durable: 'ingest', intervalMs: 60_000 },
    { source: 'icloud', durable: 'ingest-icloud', intervalMs: 300_000 },
  ]);
  expect(turns({ ...both, ENABLE_FOLDER_DOWNLOAD: 'false' }).map(({ source }) => source)).toEqual(['icloud']);
  expect(turns({ ENABLE_ICLOUD_DOWNLOAD: 'true' })).toEqual([]);
  expect(turns({ ...both, PIPELINE_EXECUTION_MODE: 'single' })).toEqual([]);
});
