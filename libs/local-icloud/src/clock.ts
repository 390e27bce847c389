/** Where the local iCloud reads the time: sessions, trust and signed URLs run out by it, so a test can make two months pass at once. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }
}

/** A clock that moves only when it is told to. */
export class ManualClock implements Clock {
  constructor(private time = Date.now()) {}

  now(): number {
    return this.time;
  }

  /** Moves the clock `ms` milliseconds on. */
  advance(ms: number): void {
    this.time += ms;
  }
}
