import type { Clock } from '../clock';

/** How many bytes a second may be read, over all downloads together: a token bucket that lends, so that each reader waits for what it took. */
export class Bandwidth {
  #available: number;
  #asOf: number;

  /** @param bytesPerSecond null: as fast as it goes */
  constructor(
    private readonly bytesPerSecond: number | null,
    private readonly clock: Clock,
  ) {
    this.#available = (bytesPerSecond ?? 0) / 4;
    this.#asOf = clock.now();
  }

  /** Resolves when `bytes` that were read are paid for; undefined when there is nothing to wait for. */
  take(bytes: number, signal?: AbortSignal): Promise<void> | undefined {
    if (this.bytesPerSecond === null) return undefined;
    const now = this.clock.now();
    const most = this.bytesPerSecond / 4; // what idle time can save up: a quarter of a second
    this.#available = Math.min(most, this.#available + ((now - this.#asOf) / 1000) * this.bytesPerSecond) - bytes;
    this.#asOf = now;
    return this.#available >= 0 ? undefined : this.clock.sleep((-this.#available / this.bytesPerSecond) * 1000, signal);
  }
}
