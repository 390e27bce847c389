/**
 * How often this process saw a message fail. The server counts deliveries, which also grow when a message is put off or
 * handed back; so failures are counted here. Bounded: what another replica finished is forgotten, oldest first.
 */
export class FailureCounts {
  private readonly counts = new Map<number, number>();

  constructor(private readonly capacity = 10_000) {}

  /** One more; returns how many by now. */
  add(sequence: number): number {
    const count = (this.counts.get(sequence) ?? 0) + 1;
    this.counts.delete(sequence);
    this.counts.set(sequence, count);
    const [oldest] = this.counts.keys();
    if (this.counts.size > this.capacity && oldest !== undefined) this.counts.delete(oldest);
    return count;
  }

  clear(sequence: number): void {
    this.counts.delete(sequence);
  }
}
