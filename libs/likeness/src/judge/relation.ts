import type { Nearness } from './compare';

/** What of a photo or video bears on whether another one is a copy of it. */
export interface Shot {
  readonly assetId: string;
  readonly filename: string;
  readonly bytes: number;
  readonly width: number;
  readonly height: number;
  readonly durationMs: number | null;
  /** ISO 8601, as the camera wrote it. */
  readonly takenAt: string | null;
  readonly sharpness: number;
  readonly kind: string;
}

/**
 * `copy`: the same picture in another form · `burst`: other pictures of the same moment · `alike`: may be either, or the scene again ·
 * `different`.
 */
export type Relation = 'copy' | 'burst' | 'alike' | 'different';
export interface Verdict {
  readonly relation: Relation;
  readonly why: string;
}

/** A burst is over when nothing was taken for so long. */
export const burstGapMs = 3_000;
/** EXIF counts whole seconds; a copy has its original's, to the second. */
const sameMomentMs = 999;
const copied = 0.9;
const marked = 0.96;
const moved = 0.5;
const unmoved = 0.7;
/** Above this no recompression and no white balance of a converter goes; black and white is another picture. */
const otherColours = 22;

/**
 * Fingerprints alone tell nothing: different photos come as near as six bits. So pictures are compared themselves, and a camera's clock
 * is believed: two exposures at different times are never copies of each other.
 */
export function relationOf(a: Shot, b: Shot, nearness: Nearness): Verdict {
  const { structure, unmarked, worst, colour, overlap } = nearness;
  const likeness = `structure ${structure.toFixed(2)}`;
  if ((a.durationMs === null) !== (b.durationMs === null)) return { relation: 'different', why: 'a photo and a video' };
  if (a.durationMs !== null && b.durationMs !== null) return videos(a.durationMs, b.durationMs, structure, likeness);
  const apart = a.takenAt === null || b.takenAt === null ? null : timeBetween(a.takenAt, b.takenAt);
  const looksCopied = colour <= otherColours && (structure >= copied || (unmarked >= marked && structure >= 0.75));
  const form = structure >= copied ? (overlap < 0.97 ? `${likeness} on the ${Math.round(overlap * 100)} % that both show` : likeness) : `${likeness}, ${unmarked.toFixed(2)} without the part that differs most`;
  if (apart !== null && apart > sameMomentMs) {
    if (apart <= burstGapMs && structure >= moved) return { relation: 'burst', why: `${seconds(apart)} apart, ${likeness}` };
    return looksCopied ? { relation: 'alike', why: `${form}, but taken ${seconds(apart)} apart` } : { relation: 'different', why: `${likeness}, taken ${seconds(apart)} apart` };
  }
  if (apart !== null && sameSize(a, b) && numbersDiffer(a.filename, b.filename)) {
    return structure >= moved ? { relation: 'burst', why: `numbered as two, taken in the same second, ${likeness}` } : { relation: 'different', why: likeness };
  }
  if (looksCopied) {
    if (apart !== null) return { relation: 'copy', why: `${form}, taken at the same moment` };
    // without two dates a mark that was put on cannot be told from somebody who moved
    return worst >= unmoved ? { relation: 'copy', why: form } : { relation: 'alike', why: `${form}; the part that differs most: ${worst.toFixed(2)}; not both say when they were taken` };
  }
  if (apart !== null && structure >= moved) return sameSize(a, b) ? { relation: 'burst', why: `in the same second, ${likeness}` } : { relation: 'alike', why: `${likeness}, taken at the same moment` };
  return structure >= 0.82 && colour <= otherColours ? { relation: 'alike', why: form } : { relation: 'different', why: likeness };
}

function videos(a: number, b: number, structure: number, likeness: string): Verdict {
  const apart = Math.abs(a - b);
  const sameLength = apart <= Math.max(500, 0.01 * Math.max(a, b));
  if (sameLength && structure >= 0.85) return { relation: 'copy', why: `${likeness} in all frames, ${apart} ms difference in length` };
  return structure >= 0.85 ? { relation: 'alike', why: `${likeness}, but ${(apart / 1000).toFixed(1)} s difference in length` } : { relation: 'different', why: likeness };
}

const sameSize = (a: Shot, b: Shot): boolean => (a.width === b.width && a.height === b.height) || (a.width === b.height && a.height === b.width);
const seconds = (ms: number): string => (ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : ms < 120_000 ? `${Math.round(ms / 1000)} s` : ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`);

const zone = /(?:Z|[+-]\d\d:\d\d)$/;

/** Where one of them does not name its zone, the wall clocks are compared: a copy that lost it shows the same time. ms */
function timeBetween(a: string, b: string): number {
  const known = zone.test(a) && zone.test(b);
  const [one, other] = [a, b].map((iso) => Date.parse(known ? iso : `${iso.replace(zone, '')}Z`));
  return Math.abs((one ?? NaN) - (other ?? NaN));
}

const numberIn = (name: string): string | null => /^[A-Za-z_]*?[_-]?(\d{3,})/.exec(name)?.[1] ?? null;
/** Cameras number their pictures: `IMG_0001` and `IMG_0002` are two exposures, `IMG_0001` and `IMG_0001-small` need not be. */
function numbersDiffer(a: string, b: string): boolean {
  const [one, other] = [numberIn(a), numberIn(b)];
  return one !== null && other !== null && one.length === other.length && one !== other;
}
