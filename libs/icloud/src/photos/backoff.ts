/** How long to wait before the n-th repetition (from 0): doubling from `firstMs` to `mostMs`, a quarter more or less by chance so that clients part. */
export function backoffMs(n: number, { firstMs = 1000, mostMs = 60_000, random = Math.random }: { firstMs?: number; mostMs?: number; random?: () => number } = {}): number {
  return Math.round(Math.min(mostMs, firstMs * 2 ** n) * (0.75 + random() / 2));
}
