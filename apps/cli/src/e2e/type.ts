import { describeFailure } from '../failure';
import { buildProgram } from '../program';

// A spec asks nobody, not even when somebody runs it at a terminal.
Object.defineProperty(process.stdin, 'isTTY', { value: false, configurable: true });

export interface Ended {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

/** Types a command, as main.ts carries it out. */
export async function type(...words: string[]): Promise<Ended> {
  let out = '';
  let err = '';
  const spies = [
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true)),
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((err += String(text)), true)),
  ];
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    await (await buildProgram(words)).parseAsync(words, { from: 'user' });
  } catch (thrown) {
    const { text, exitCode } = describeFailure(thrown);
    err += text ?? '';
    process.exitCode = exitCode;
  } finally {
    spies.forEach((spy) => spy.mockRestore());
  }
  const code: number = process.exitCode;
  process.exitCode = before;
  return { out, err, code };
}
