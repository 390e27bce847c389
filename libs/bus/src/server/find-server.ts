import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { PipelineError } from '@media-pipeline/contracts';

/** Where packages and people put it; the first is looked up in PATH (which for a non-root user often lacks /usr/sbin). */
const candidates = ['nats-server', '/usr/sbin/nats-server', '/usr/local/bin/nats-server', '/usr/local/sbin/nats-server'];

export interface ServerProgram {
  readonly program: string;
  /** `2.9.10` */
  readonly version: string;
}

/** @throws PipelineError PROGRAM_MISSING */
export async function findServer(): Promise<ServerProgram> {
  for (const program of candidates) {
    const version = await versionOf(program);
    if (version !== undefined) return { program, version };
  }
  throw new PipelineError('PROGRAM_MISSING', `nats-server is neither in PATH nor in ${candidates.slice(1).join(', ')}`);
}

async function versionOf(program: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(program, ['--version'], { timeout: 10_000 });
    return /v?(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

/** Whether version `a.b.c` is at least `major.minor`. */
export function atLeast(version: string, major: number, minor: number): boolean {
  const [haveMajor = 0, haveMinor = 0] = version.split('.').map(Number);
  return haveMajor > major || (haveMajor === major && haveMinor >= minor);
}
