import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { errnoOf } from '@media-pipeline/files';
import { fail, ok, reasonOf, warn, type Finding } from './finding';

const run = promisify(execFile);
const patienceMs = 20_000;

interface Program {
  readonly name: string;
  readonly candidates: readonly string[];
  readonly arguments: readonly string[];
  readonly version: RegExp;
  readonly install: string;
  readonly needed: 'always' | 'one machine';
}

const programs: readonly Program[] = [
  { name: 'nats-server', candidates: ['nats-server', '/usr/sbin/nats-server', '/usr/local/bin/nats-server'], arguments: ['--version'], version: /v?(\d+\.\d+\.\d+)/, install: 'sudo apt-get install nats-server', needed: 'one machine' },
  { name: 'ffmpeg', candidates: ['ffmpeg'], arguments: ['-version'], version: /version (\S+)/, install: 'sudo apt-get install ffmpeg', needed: 'always' },
  { name: 'ffprobe', candidates: ['ffprobe'], arguments: ['-version'], version: /version (\S+)/, install: 'sudo apt-get install ffmpeg', needed: 'always' },
  { name: 'perl', candidates: ['perl'], arguments: ['-e', 'print $^V'], version: /v(\S+)/, install: 'sudo apt-get install perl', needed: 'always' },
];

/** @param ownBroker whether this library starts a nats-server of its own */
export async function checkPrograms(ownBroker: boolean): Promise<Finding[]> {
  const found = await Promise.all(programs.map((program) => checkProgram(program, ownBroker)));
  return [checkNode(process.versions.node), ...found, await checkExiftool(), ...(await Promise.all(['libx265', 'libx264'].map(checkEncoder)))];
}

const leastNode = 24;
export function checkNode(version: string): Finding {
  const major = Number(version.split('.')[0]);
  return major >= leastNode ? ok('Node', version) : fail('Node', `${version} is too old`, `Start through \`npm start\` or \`npx media-pipeline\`, which bring Node ${leastNode} with them.`);
}

async function checkProgram({ name, candidates, arguments: given, version, install, needed }: Program, ownBroker: boolean): Promise<Finding> {
  for (const candidate of candidates) {
    try {
      const { stdout } = await run(candidate, [...given], { timeout: patienceMs });
      return ok(name, `${version.exec(stdout)?.[1] ?? 'unknown version'} (${candidate})`);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') return fail(name, `${candidate} does not run: ${reasonOf(error)}`, install);
    }
  }
  if (needed === 'one machine' && !ownBroker) return ok(name, 'not installed, and not needed: NATS_URL names a broker');
  return fail(name, 'not found in PATH', install);
}

async function checkExiftool(): Promise<Finding> {
  try {
    const { exiftoolPath } = await import('exiftool-vendored');
    const program = await exiftoolPath();
    const { stdout } = await run('perl', [program, '-ver'], { timeout: patienceMs });
    return ok('exiftool', `${stdout.trim()} (comes with the pipeline)`);
  } catch (error) {
    return fail('exiftool', reasonOf(error), 'Install perl (sudo apt-get install perl), then run `npm ci` again.');
  }
}

/** Encodes a few frames: an encoder that is listed may still not run. */
async function checkEncoder(encoder: string): Promise<Finding> {
  const about = `encoder ${encoder}`;
  try {
    await run('ffmpeg', ['-v', 'error', '-nostdin', '-f', 'lavfi', '-i', 'testsrc=size=128x128:rate=10:duration=0.3', '-c:v', encoder, '-f', 'null', '-'], { timeout: patienceMs });
    return ok(about, 'encodes');
  } catch (error) {
    const advice = 'Install an ffmpeg with it (Debian: sudo apt-get install ffmpeg), or set ENABLE_VIDEO_COMPRESSION=false.';
    return encoder === 'libx264' ? warn(about, reasonOf(error), advice) : fail(about, reasonOf(error), advice);
  }
}
