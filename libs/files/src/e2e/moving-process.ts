import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

const typescript = path.resolve(__dirname, '../../../../tools/testing/typescript.cjs');

/** Another process that moves files one after the other, to be killed. */
export function startMoving(root: string, journal: string, count: number): { readonly begun: Promise<unknown>; kill(): Promise<boolean>; ended(): Promise<true> } {
  const child = spawn(process.execPath, ['-r', typescript, path.join(__dirname, 'move-all.ts'), root, journal, String(count)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = once(child, 'exit');
  const ended = async (): Promise<true> => {
    const [code] = (await gone) as [number | null];
    if (code !== 0) throw new Error(`it ended with ${code}`);
    return true;
  };
  return {
    begun: Promise.race([once(child.stdout, 'data'), gone]),
    /** SIGKILL. False when it had come to its end before. */
    async kill(): Promise<boolean> {
      child.kill('SIGKILL');
      const [code] = (await gone) as [number | null];
      if (code !== null && code !== 0) throw new Error(`it ended with ${code}`);
      return code === null;
    },
    ended,
  };
}
