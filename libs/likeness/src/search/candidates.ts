import type { Fingerprint, LikenessRepository } from '@media-pipeline/schema';
import { halves, searchPairs } from './search';

export type LightFingerprint = Omit<Fingerprint, 'sketch'>;

/** Two assets that are worth a close look. */
export interface Candidate {
  /** The older one. */
  readonly firstId: string;
  readonly secondId: string;
  readonly distance: number;
  /** Clockwise quarter turns that the second needs to look like the first. */
  readonly quarters: number;
}

/** What is looked for: see docs/BENCHMARKS.md for what these find and what they cost. */
const reach = { distance: 11, gradientDistance: 28, turnedDistance: 7 } as const;
const mostPairs = 4_000_000;
/** More that are the same than this are represented by one. */
const mostAlike = 32;
const pageSize = 5_000;

/** All fingerprints, read in pages. */
export async function readFingerprints(likeness: LikenessRepository, version: number): Promise<LightFingerprint[]> {
  const all: LightFingerprint[] = [];
  let after: string | null = null;
  for (;;) {
    const page: LightFingerprint[] = await likeness.page(version, after, pageSize);
    // a page may end in the middle of a video's frames: the last file comes again with the next page
    const last = page.at(-1)?.fileId;
    const whole = page.length < pageSize ? page : page.filter(({ fileId }) => fileId !== last);
    all.push(...whole);
    if (page.length < pageSize) return all;
    after = whole.at(-1)?.fileId ?? null;
  }
}

/**
 * Pairs whose fingerprints are near, also turned, and photos taken in quick succession (a burst may move more than its fingerprints bear).
 * Photos are paired with photos, videos with videos, by frames at the same position.
 */
export async function candidatesOf(fingerprints: readonly LightFingerprint[], options: { readonly burstGapMs: number; readonly signal?: AbortSignal }): Promise<Candidate[]> {
  const found = new Map<string, Candidate>();
  const add = (a: LightFingerprint, b: LightFingerprint, distance: number, quarters: number): void => {
    if (a.assetId === b.assetId || a.frame !== b.frame || (a.durationMs === null) !== (b.durationMs === null)) return;
    const forward = a.assetId < b.assetId;
    const [first, second] = forward ? [a, b] : [b, a];
    const key = `${first.assetId}:${second.assetId}`;
    const before = found.get(key);
    if (before && before.distance <= distance) return;
    found.set(key, { firstId: first.assetId, secondId: second.assetId, distance, quarters: forward ? quarters : (4 - quarters) % 4 });
  };
  const { representatives, same } = collapse(fingerprints);
  for (const group of same) for (const other of group.slice(1)) if (group[0]) add(group[0], other, 0, 0);
  const words = (of: (fingerprint: LightFingerprint) => string | null, half: 0 | 1): Uint32Array => Uint32Array.from(representatives, (fingerprint) => halves(of(fingerprint) ?? '')[half]);
  const { pairs, count } = await searchPairs(
    { ...reach, maxPairs: mostPairs, high: words(({ bits }) => bits, 0), low: words(({ bits }) => bits, 1), gradientHigh: words(({ gradient }) => gradient, 0), gradientLow: words(({ gradient }) => gradient, 1) },
    options.signal,
  );
  for (let at = 0; at < count * 3; at += 3) {
    const [a, b, value = 0] = [representatives[pairs[at] ?? 0], representatives[pairs[at + 1] ?? 0], pairs[at + 2]];
    if (a && b) add(a, b, value % 256, value >> 8);
  }
  for (const [a, b] of inQuickSuccession(fingerprints, options.burstGapMs)) add(a, b, distanceOf(a, b), 0);
  return [...found.values()];
}

/** Many fingerprints that are the same to the last bit stand for each other: a thousand copies of one picture are a thousand pairs, not half a million. */
function collapse(fingerprints: readonly LightFingerprint[]): { representatives: LightFingerprint[]; same: LightFingerprint[][] } {
  const groups = new Map<string, LightFingerprint[]>();
  for (const fingerprint of fingerprints) {
    const key = `${fingerprint.bits}:${fingerprint.gradient}:${fingerprint.frame}:${fingerprint.durationMs === null}`;
    const group = groups.get(key);
    if (group) group.push(fingerprint);
    else groups.set(key, [fingerprint]);
  }
  const all = [...groups.values()];
  return { representatives: all.flatMap((group) => (group.length > mostAlike ? group.slice(0, 1) : group)), same: all.filter((group) => group.length > mostAlike) };
}

function* inQuickSuccession(fingerprints: readonly LightFingerprint[], gapMs: number): Generator<readonly [LightFingerprint, LightFingerprint]> {
  const timed = fingerprints
    .filter(({ takenAt, durationMs }) => takenAt !== null && durationMs === null)
    .map((fingerprint) => ({ fingerprint, at: Date.parse(fingerprint.takenAt ?? '') }))
    .filter(({ at }) => Number.isFinite(at))
    .sort((a, b) => a.at - b.at || (a.fingerprint.assetId < b.fingerprint.assetId ? -1 : 1));
  for (const [index, later] of timed.entries()) {
    const earlier = timed[index - 1];
    if (earlier && later.at - earlier.at <= gapMs) yield [earlier.fingerprint, later.fingerprint];
  }
}

function distanceOf(a: LightFingerprint, b: LightFingerprint): number {
  let distance = 0;
  for (const [i, word] of halves(a.bits ?? '').entries()) {
    for (let bits = (word ^ (halves(b.bits ?? '')[i] ?? 0)) >>> 0; bits > 0; bits = (bits & (bits - 1)) >>> 0) distance += 1;
  }
  return distance;
}
