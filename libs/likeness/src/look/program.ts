import { execFile } from 'node:child_process';
import { PipelineError } from '@media-pipeline/contracts';
import { errnoOf } from '@media-pipeline/files';

const patienceMs = 120_000;
const mostBytes = 64 * 1024 * 1024;

/** What a program prints on standard output. @throws PROGRAM_MISSING; MEDIA_CORRUPT when it ends with an error, hangs, or prints too much */
export function outputOf(program: string, args: readonly string[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // nice: whoever looks for similar pictures is in no hurry
    execFile('nice', ['-n', '15', program, ...args], { encoding: 'buffer', timeout: patienceMs, killSignal: 'SIGKILL', maxBuffer: mostBytes }, (error, stdout, stderr) => {
      if (!error) resolve(stdout);
      else if (errnoOf(error) === 'ENOENT' || error.code === 127) reject(new PipelineError('PROGRAM_MISSING', `${program} is not in PATH`));
      else reject(new PipelineError('MEDIA_CORRUPT', `${program} cannot read it: ${stderr.toString('utf8').trim().slice(-400) || error.message}`, { cause: error }));
    });
  });
}
