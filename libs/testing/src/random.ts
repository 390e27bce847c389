/** A small seeded generator (mulberry32): the same seed gives the same run. Values in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One of the items. */
export const pick = <T>(random: () => number, items: readonly [T, ...T[]]): T => items[Math.floor(random() * items.length)] ?? items[0];

/**
 * Of a test that kills processes at random: the same everywhere, so that a red run can be trusted to come from the change (when the kill strikes
 * depends on the machine all the same); MEDIA_PIPELINE_CRASH_SEED gives another one below 4000, `npm run soak` a new one each round.
 */
export const crashSeed = Number(process.env['MEDIA_PIPELINE_CRASH_SEED'] ?? 1_122);
