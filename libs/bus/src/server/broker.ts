import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PipelineError } from '@media-pipeline/contracts';
import { silentLogger, type BusLogger } from '../logger';
import { findServer } from './find-server';
import { endOrphan } from './orphan';
import { freePort, greets } from './port';
import { serverConfig } from './server-config';

export interface BrokerOptions {
  /** The server keeps its streams here, and its configuration. One server per directory. */
  readonly storeDirectory: string;
  /** 0 or left out: a free one. */
  readonly port?: number;
  readonly logFile: string;
  readonly logger?: BusLogger;
}

const startPatienceMs = 30_000;
const stopPatienceMs = 10_000;
const longestPauseMs = 5_000;
/** A server that ran so long was sound: the next restart is at once again. */
const soundAfterMs = 30_000;

/**
 * Starts a nats-server of our own and keeps it running: when it dies it comes back on the same port and store, and its
 * clients reconnect. Resolves when it answers.
 * @throws PipelineError PROGRAM_MISSING, BROKER_UNAVAILABLE with what the server said
 */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const { program, version } = await findServer();
  const storeDirectory = resolve(options.storeDirectory);
  const logFile = resolve(options.logFile);
  await mkdir(storeDirectory, { recursive: true });
  await mkdir(dirname(logFile), { recursive: true });
  const configFile = join(storeDirectory, 'nats-server.conf');
  const pidFile = join(storeDirectory, 'nats-server.pid');
  await endOrphan(pidFile, configFile);
  const chosen = options.port === undefined || options.port === 0;
  for (let attempt = 1; ; attempt++) {
    const port = chosen ? await freePort() : (options.port ?? 0);
    if (!chosen && (await greets(port))) throw new PipelineError('BROKER_UNAVAILABLE', `port ${port} is taken by another NATS server`);
    await writeFile(configFile, serverConfig({ port, storeDirectory, logFile, pidFile, version }));
    const broker = new Broker(program, configFile, logFile, port, options.logger ?? silentLogger);
    try {
      await broker.start();
      return broker;
    } catch (error) {
      await broker.stop();
      if (!chosen || attempt === 3) throw error; // a free port may be taken by the time the server wants it
    }
  }
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** A nats-server that is ours. */
export class Broker {
  readonly url: string;
  private child: ChildProcess | undefined;
  private readonly stopping = new AbortController();
  private pauseMs = 0;
  private lastWords = '';
  private readonly endWithUs = (): void => void this.child?.kill('SIGTERM');

  /** @internal use {@link startBroker} */
  constructor(
    private readonly program: string,
    private readonly configFile: string,
    private readonly logFile: string,
    readonly port: number,
    private readonly logger: BusLogger,
  ) {
    this.url = `nats://127.0.0.1:${port}`;
    process.once('exit', this.endWithUs);
  }

  /** Of the server that runs now; undefined between its death and its restart. */
  get pid(): number | undefined {
    return this.child && !hasEnded(this.child) ? this.child.pid : undefined;
  }

  /** @internal */
  async start(): Promise<void> {
    const child = this.launch();
    const end = Date.now() + startPatienceMs;
    while (Date.now() < end) {
      if (hasEnded(child)) throw await this.startFailure();
      if (await greets(this.port)) {
        child.once('exit', () => void this.bringBack());
        if (hasEnded(child)) throw await this.startFailure();
        return;
      }
      await delay(20);
    }
    throw await this.startFailure();
  }

  /** Ends the server in good order; what it acknowledged is stored. */
  async stop(): Promise<void> {
    this.stopping.abort();
    process.removeListener('exit', this.endWithUs);
    const { child } = this;
    if (!child || this.pid === undefined) return;
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const forced = setTimeout(() => child.kill('SIGKILL'), stopPatienceMs);
    await exited;
    clearTimeout(forced);
  }

  private launch(): ChildProcess {
    // in a process group of its own: Ctrl-C at the terminal is for us, and the stages still need the broker while they drain
    const child = spawn(this.program, ['-c', this.configFile], { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
    this.child = child;
    this.lastWords = '';
    child.stderr.on('data', (data: Buffer) => (this.lastWords = `${this.lastWords}${data.toString('utf8')}`.slice(-2_000)));
    child.on('error', (error) => (this.lastWords = error.message));
    return child;
  }

  private async bringBack(): Promise<void> {
    const { signal } = this.stopping;
    if (signal.aborted) return;
    this.logger.warn({ pauseMs: this.pauseMs }, 'nats-server died; starting it again');
    const waited = await delay(this.pauseMs, true, { signal }).catch(() => false);
    this.pauseMs = Math.min(longestPauseMs, this.pauseMs * 2 || 200);
    if (!waited) return; // asked to stop meanwhile
    try {
      await this.start();
      setTimeout(() => (this.pauseMs = 0), soundAfterMs).unref();
    } catch (error) {
      this.logger.error({ err: error }, 'nats-server does not start');
      void this.bringBack();
    }
  }

  private async startFailure(): Promise<PipelineError> {
    const log = this.lastWords || (await readFile(this.logFile, 'utf8').catch(() => '')).trimEnd().split('\n').slice(-3).join(' | ');
    return new PipelineError('BROKER_UNAVAILABLE', `nats-server did not start on port ${this.port}: ${log || 'it said nothing'}`);
  }
}
