import { readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';

/** The share of the machine's memory that jobs may take when MEMORY_LIMIT is not set: the rest is for the pipeline, the database, the cache. */
const share = 0.6;

/**
 * Memory that jobs may take together, by what they are estimated to need: a job without room waits, first come, first served, so that a
 * large picture is not passed by small ones for ever. An estimate is no promise; it is what keeps a 200-megapixel HEIC and a 4K video
 * from being decoded side by side on a small machine.
 */
export class MemoryRoom {
  private taken = 0;
  private readonly waiting: { readonly bytes: number; enter(): void }[] = [];

  constructor(readonly capacity: number) {}

  /** Whether a job of this size could ever run. */
  fits(bytes: number): boolean {
    return bytes <= this.capacity;
  }

  /**
   * Runs `work` when there is room for it. Rejects with the signal's reason when it is aborted while it waits.
   * @param bytes no more than {@link capacity}
   */
  async use<T>(bytes: number, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.enter(bytes, signal);
    try {
      return await work();
    } finally {
      this.taken -= bytes;
      this.admit();
    }
  }

  private async enter(bytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const place = { bytes, enter: resolve };
      this.waiting.push(place);
      signal.addEventListener('abort', () => {
        const at = this.waiting.indexOf(place);
        if (at < 0) return;
        this.waiting.splice(at, 1);
        this.admit();
        reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
      }, { once: true });
      this.admit();
    });
  }

  private admit(): void {
    for (;;) {
      const [first] = this.waiting;
      if (!first || this.taken + first.bytes > this.capacity) return;
      this.waiting.shift();
      this.taken += first.bytes;
      first.enter();
    }
  }
}

/** What a container may use (cgroup v2, v1), else what the machine has; bytes. */
export async function machineMemory(): Promise<number> {
  const limits = await Promise.all(['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes'].map((file) => readFile(file, 'utf8').catch(() => 'max')));
  return Math.min(totalmem(), ...limits.map((text) => Number(text.trim())).filter((bytes) => Number.isFinite(bytes) && bytes > 0));
}

/** @param limit MEMORY_LIMIT in bytes; null: a share of what there is */
export const openMemoryRoom = async (limit: number | null): Promise<MemoryRoom> => new MemoryRoom(limit ?? Math.floor((await machineMemory()) * share));
