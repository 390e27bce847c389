/** SIGHUP: the terminal was closed. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * The first signal asks for a good end; the second ends the process at once. What was under way is done again by the
 * next start: every step bears that.
 */
export class Interrupt implements Disposable {
  private readonly controller = new AbortController();
  private readonly listener = (signal: NodeJS.Signals): void => {
    if (this.controller.signal.aborted) {
      process.stderr.write('\nended at once; the next start goes on where this one was\n');
      process.exit(130);
    }
    this.onFirst(signal);
    this.controller.abort(signal);
  };

  constructor(private readonly onFirst: (signal: NodeJS.Signals) => void) {
    for (const signal of signals) process.on(signal, this.listener);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get asked(): boolean {
    return this.controller.signal.aborted;
  }

  /** Waits, or less long when the end is asked for. */
  async pause(ms: number): Promise<void> {
    if (this.asked) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.signal.addEventListener('abort', end);
    });
  }

  async asking(): Promise<void> {
    if (this.asked) return;
    await new Promise<void>((resolve) => this.signal.addEventListener('abort', () => resolve(), { once: true }));
  }

  [Symbol.dispose](): void {
    for (const signal of signals) process.off(signal, this.listener);
  }
}
