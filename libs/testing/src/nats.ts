import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const programs = ['nats-server', '/usr/sbin/nats-server', '/usr/local/bin/nats-server'];
const patienceMs = 20_000;

/** Starts a real nats-server with JetStream on a free port, its store in a temporary folder. */
export async function startNats(): Promise<TestNats> {
  const server = new TestNats(await findProgram(), await freePort(), await mkdtemp(join(tmpdir(), 'nats-')));
  await server.start();
  return server;
}

/** A real nats-server that tests may kill. Store and port outlive it, until {@link destroy}. */
export class TestNats {
  readonly url: string;
  private child: ChildProcess | undefined;
  private readonly endWithUs = (): void => void this.child?.kill('SIGKILL');

  constructor(
    private readonly program: string,
    readonly port: number,
    readonly directory: string,
  ) {
    this.url = `nats://127.0.0.1:${port}`;
    process.once('exit', this.endWithUs);
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Starts it (again) on its port and store; resolves when it answers. */
  async start(): Promise<void> {
    const config = join(this.directory, 'nats.conf');
    await writeFile(config, `listen: "127.0.0.1:${this.port}"\njetstream { store_dir: ${JSON.stringify(this.directory)}, max_file_store: 8GB, max_memory_store: 64MB }\n`);
    const child = spawn(this.program, ['-c', config], { stdio: 'ignore' });
    this.child = child;
    const end = Date.now() + patienceMs;
    while (Date.now() < end) {
      if (child.exitCode !== null) throw new Error(`nats-server ended with ${child.exitCode}`);
      if (await greets(this.port)) return;
      await delay(20);
    }
    throw new Error('nats-server does not answer');
  }

  /** kill -9; resolves when it is gone. */
  kill(): Promise<void> {
    return this.end('SIGKILL');
  }

  /** Shuts it down in good order. */
  stop(): Promise<void> {
    return this.end('SIGTERM');
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Throws its store away while it is down. */
  async wipe(): Promise<void> {
    await rm(join(this.directory, 'jetstream'), { recursive: true, force: true });
  }

  /** Ends it and removes what it stored. */
  async destroy(): Promise<void> {
    await this.kill();
    process.removeListener('exit', this.endWithUs);
    await rm(this.directory, { recursive: true, force: true });
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    await exited;
  }
}

/** Says one line of the NATS protocol after another, as any client in any language may: `PUB subject bytes`. Resolves when the server took it. */
export function publishOverTcp(port: number, subject: string, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(`CONNECT {"verbose":false}\r\nPUB ${subject} ${Buffer.byteLength(body)}\r\n${body}\r\nPING\r\n`));
    let heard = '';
    socket.on('data', (data) => {
      heard += data.toString('latin1');
      if (heard.includes('-ERR')) reject(new Error(heard));
      if (heard.includes('PONG')) socket.end(resolve);
    });
    socket.on('error', reject);
  });
}

async function findProgram(): Promise<string> {
  for (const program of programs) {
    const found = await promisify(execFile)(program, ['--version']).then(
      () => true,
      () => false,
    );
    if (found) return program;
  }
  throw new Error(`nats-server is not installed (looked for ${programs.join(', ')})`);
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port'))));
    });
  });

const greets = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => end(false));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
    socket.once('data', (data) => end(data.toString('latin1').startsWith('INFO ')));
  });
