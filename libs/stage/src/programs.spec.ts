import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, readFile, rm } from 'node:fs/promises';
import { getPriority, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ProgramFailure, Programs } from './programs';

const programs = new Programs({ stallMs: 30_000, niceness: 10 });
const { signal } = new AbortController();

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await pause(20);
}
const gone = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
};

let folder = '';
beforeAll(async () => (folder = await mkdtemp(path.join(tmpdir(), 'programs-'))));
afterAll(() => rm(folder, { recursive: true }));

it('hands over every line, at low priority for processor and disk', async () => {
  const lines: string[] = [];
  // ionice is missing in small containers; so is its line then
  await programs.run({ program: 'sh', args: ['-c', 'echo one; nice; ionice 2>/dev/null || echo "best-effort: prio 7"; printf last'], signal, onLine: (line) => lines.push(line) });
  // niceness adds up: these tests may run at a low priority themselves
  expect(lines).toEqual(['one', String(Math.min(19, getPriority() + 10)), 'best-effort: prio 7', 'last']);
});

it('says which program is missing', async () => {
  await expect(programs.run({ program: 'no-such-program', args: [], signal })).rejects.toMatchObject({ code: 'PROGRAM_MISSING', message: expect.stringContaining('no-such-program') });
});

it('carries the end of what a failing program printed', async () => {
  const failure = programs.run({ program: 'sh', args: ['-c', 'seq 1 100 >&2; echo the cause >&2; exit 3'], signal });
  await expect(failure).rejects.toMatchObject({ exitCode: 3, machineAtFault: false, errorTail: expect.stringMatching(/99 \/ 100 \/ the cause$/) });
});

it('knows a full disk and a killed program from a bad file', () => {
  expect(new ProgramFailure('ffmpeg', 1, null, 'av_interleaved_write_frame(): No space left on device').toPipelineError().code).toBe('DISK_FULL');
  expect(new ProgramFailure('ffmpeg', null, 'SIGKILL', '')).toMatchObject({ machineAtFault: true });
  expect(new ProgramFailure('ffmpeg', 1, null, 'Invalid data found')).toMatchObject({ machineAtFault: false });
});

it('ends the whole process group when aborted, also what ignores SIGTERM', async () => {
  const pidFile = path.join(folder, 'pids');
  const abort = new AbortController();
  const script = `trap '' TERM; sh -c "trap '' TERM; echo \\$\\$ $$ > '${pidFile}'; sleep 300" & wait; sleep 300`;
  const running = programs.run({ program: 'sh', args: ['-c', script], signal: abort.signal });
  await until(async () => access(pidFile).then(async () => (await readFile(pidFile, 'utf8')).trim().includes(' '), () => false));
  const pids = (await readFile(pidFile, 'utf8')).trim().split(' ').map(Number);
  const reason = new Error('drain');
  abort.abort(reason);
  await expect(running).rejects.toBe(reason);
  await until(async () => pids.every(gone));
});

it('kills a program that makes no progress, and calls it the machine’s fault', async () => {
  const impatient = new Programs({ stallMs: 300, niceness: 0 });
  const stuck = impatient.run({ program: 'sh', args: ['-c', 'while :; do echo still here; sleep 0.05; done'], signal, progress: () => 7 });
  await expect(stuck).rejects.toMatchObject({ code: 'PROGRAM_FAILED', message: expect.stringContaining('no progress') });
});

it('lets a slow program go on while it prints', async () => {
  const impatient = new Programs({ stallMs: 500, niceness: 0 });
  await expect(impatient.run({ program: 'sh', args: ['-c', 'for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.1; done'], signal })).resolves.toBeUndefined();
});

describe.each(['SIGTERM', 'SIGKILL'] as const)('a process that gets %s while it encodes', (how) => {
  it('leaves no encoder behind', async () => {
    const typescript = path.resolve(__dirname, '../../../tools/testing/typescript.cjs');
    const child = spawn(process.execPath, ['-r', typescript, path.join(__dirname, 'e2e/encode-for-ever.ts')], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    await Promise.race([once(child.stdout, 'data'), ended]);
    const encoders = (await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')).trim().split(' ').map(Number);
    const names = await Promise.all(encoders.map((pid) => readFile(`/proc/${pid}/comm`, 'utf8')));
    expect(names).toEqual(['ffmpeg\n']);
    child.kill(how);
    expect(await ended).toEqual(how === 'SIGTERM' ? [0, null] : [null, 'SIGKILL']);
    await until(async () => Promise.resolve(encoders.every(gone)));
  }, 30_000);
});
