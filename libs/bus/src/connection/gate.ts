/** Something to wait at until it is opened. */
export class Gate {
  private isOpen = false;
  private readonly waiting = new Set<() => void>();

  open(): void {
    this.isOpen = true;
    for (const pass of [...this.waiting]) pass();
  }

  shut(): void {
    this.isOpen = false;
  }

  /** Resolves when the gate is open, or when `signal` fires. */
  async pass(signal: AbortSignal): Promise<void> {
    if (this.isOpen || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        this.waiting.delete(end);
        signal.removeEventListener('abort', end);
        resolve();
      };
      this.waiting.add(end);
      signal.addEventListener('abort', end);
    });
  }
}
