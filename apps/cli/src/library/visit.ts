import path from 'node:path';
import { Bus, startBroker } from '@media-pipeline/bus';
import type { Config } from '@media-pipeline/config';
import { createLogger } from '@media-pipeline/stage';
import { findBroker } from './broker-file';
import { LibraryLock } from './library-lock';

/**
 * The settings for a broker of our own. Nobody else works on its messages: what a run that ended left under way may come back sooner
 * than from a broker that is shared. (nats-server forgets on restart that a message was handed back, and waits for this timeout.)
 */
export const onOwnBroker = (config: Config, url: string): Config => ({
  ...config,
  bus: { ...config.bus, url },
  service: { ...config.service, messageTimeoutMs: config.service.messageTimeoutMs ?? 10_000 },
});

/** How to join a broker: consumers must look the same to every process, or each would change them back. */
const busOptions = (config: Config, url: string): Parameters<typeof Bus.connect>[0] => {
  const { messageTimeoutMs } = config.service;
  return { url, name: 'media-pipeline cli', logger: quiet(config), patienceMs: 3_000, ...(messageTimeoutMs === null ? {} : { tuning: { ackWaitMs: messageTimeoutMs } }) };
};

const quiet = (config: Config) => createLogger({ level: config.log.level === 'debug' || config.log.level === 'trace' ? config.log.level : 'error' }, 'media-pipeline');

/** The broker of the running pipeline, or null when none runs. @throws BROKER_UNAVAILABLE when it should be there and is not */
export async function joinBroker(config: Config): Promise<Bus | null> {
  const url = await findBroker(config);
  return url === null ? null : Bus.connect(busOptions(config, url));
}

export interface BorrowedBroker extends AsyncDisposable {
  readonly bus: Bus;
  /** True when it was started for this command: nothing else works on the library meanwhile. */
  readonly ours: boolean;
}

/** The broker of the running pipeline; where none runs, one on the library's own message store for as long as the command takes. */
export async function borrowBroker(config: Config, command: string): Promise<BorrowedBroker> {
  const running = await joinBroker(config);
  if (running) {
    // a broker that nobody has used yet has no streams to store anything in; that of a running pipeline has
    if (config.bus.external) await running.provision();
    return { bus: running, ours: false, [Symbol.asyncDispose]: () => running.close() };
  }
  const stack = new AsyncDisposableStack();
  try {
    stack.use(await LibraryLock.take(config.library.areas['.media-pipeline'], command));
    const broker = await startBroker(brokerOptions(config, 0));
    stack.defer(() => broker.stop());
    const bus = await Bus.connect(busOptions(onOwnBroker(config, broker.url), broker.url));
    stack.defer(() => bus.close());
    await bus.provision();
    return { bus, ours: true, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** Where a library keeps its messages. */
export const brokerOptions = (config: Config, port: number): Parameters<typeof startBroker>[0] => ({
  storeDirectory: path.join(config.library.areas['.media-pipeline'], 'nats'),
  port,
  logFile: path.join(config.library.areas.logs, 'nats-server.log'),
});
