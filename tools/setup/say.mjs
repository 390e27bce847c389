// What set-up says goes to stderr: stdout belongs to the command that was asked for (`npm start -- --json` prints JSON lines and nothing else).

/** @param {string} line */
export const say = (line) => void process.stderr.write(`${line}\n`);

/** A reason to stop that a person can act on; printed without a stack trace. */
export class SetupError extends Error {}

/**
 * Runs the entry point and turns what it throws into a message and an exit code other than 0.
 * @param {() => Promise<number>} main resolves to the exit code
 */
export async function runMain(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    say(error instanceof SetupError ? `\n${error.message}` : `\n${error?.stack ?? String(error)}`);
    process.exitCode = 2;
  }
}

/** @param {number} since a `performance.now()` */
export const elapsed = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;
