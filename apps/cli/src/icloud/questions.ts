import { Writable } from 'node:stream';
import { createInterface } from 'node:readline/promises';

/** Somebody at a terminal. Null instead of an answer: the input ended (Ctrl-D), or the end was asked for (Ctrl-C). */
export interface Questions {
  tell(line: string): void;
  ask(text: string): Promise<string | null>;
  /** What is typed is not shown. */
  askSecret(text: string): Promise<string | null>;
}

export const hasTerminal = (): boolean => process.stdin.isTTY && process.stderr.isTTY;

/** Questions go to stderr: stdout may be a file of JSON lines. */
export function askAtTerminal(signal: AbortSignal): Questions {
  const question = async (text: string, secret: boolean): Promise<string | null> => {
    if (signal.aborted) return null;
    let silent = false;
    const output = new Writable({
      // at once: what readline writes for the prompt must not wait until `silent` is set
      write: (chunk: Buffer, _, done) => {
        if (!silent) process.stderr.write(chunk);
        done();
      },
    });
    const terminal = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 });
    // readline takes Ctrl-C for itself while it asks
    terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    try {
      const answer = terminal.question(text, { signal });
      silent = secret;
      return await answer;
    } catch (error) {
      if (error instanceof Error && error.name === 'AbortError') return null;
      throw error;
    } finally {
      terminal.close();
      if (secret) process.stderr.write('\n');
    }
  };
  return {
    tell: (line) => void process.stderr.write(`${line}\n`),
    ask: (text) => question(text, false),
    askSecret: (text) => question(text, true),
  };
}
