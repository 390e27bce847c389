/** The requests of an upload: `upload` is the sending of bytes to the reserved URL. */
export type UploadRoute = 'createUploadUrl' | 'upload' | 'putAsset' | 'uploadStatus';

/** What can go wrong with each of them; README.md says what each means. */
export type UploadRouteFault = `${UploadRoute}.${'403' | '429' | '503' | 'drop' | 'dropAfter' | 'slow' | 'dead'}`;

/** What can be made to go wrong on the account's side, in the photo service, in downloads and in uploads. */
export type FaultName =
  | UploadRouteFault
  | 'init.401'
  | 'complete.401'
  | 'complete.412'
  | 'code.409valid'
  | 'code.409valid.noToken'
  | 'setup.421'
  | 'setup.421.sticky'
  | 'service.421'
  | 'service.421.sticky'
  | 'service.450'
  | 'any.429'
  | 'any.503'
  | 'http200.rscd401'
  | 'http200.hasError'
  | 'drop'
  | 'slow'
  | 'query.throttled'
  | 'query.recordError'
  | 'query.splitPairs'
  | 'query.emptyPage'
  | 'query.insertMidPaging'
  | 'token.expired'
  | 'indexing.running'
  | 'lookup.recordError'
  | 'count.off'
  | 'download.410'
  | 'download.html'
  | 'download.tinyError'
  | 'download.truncate'
  | 'download.flip'
  | 'download.ignoreRange'
  | 'download.drop'
  | 'download.429'
  | 'download.slow'
  | 'createUploadUrl.421'
  | 'createUploadUrl.quota'
  | 'upload.410'
  | 'upload.truncated'
  | 'upload.flip'
  | 'putAsset.421'
  | 'putAsset.file413'
  | 'putAsset.file415'
  | 'putAsset.file500'
  | 'putAsset.file503'
  | 'putAsset.file503taken'
  | 'putAsset.neverIndexed'
  | 'uploadStatus.404';

interface Armed {
  /** How many chances pass before `left` counts. */
  skips: number;
  left: number;
  always: boolean;
  probability: number;
  hits: number;
  random: () => number;
}

/**
 * Faults by name, switched on from a test or the demo. A route asks `take(name)` at the moment it could go wrong.
 * Every name draws from its own seeded stream, so one fault's traffic does not change another's course.
 */
export class FaultBoard {
  /** What Retry-After says when a fault answers 429 or 503. */
  retryAfterSeconds = 1;
  /** How long `slow` holds an answer back. */
  slowMs = 1500;
  private readonly armed = new Map<FaultName, Armed>();

  constructor(private readonly seed = 1) {}

  /** The next `n` times. */
  once(name: FaultName, n = 1): void {
    this.of(name).left += n;
  }

  /** Once, after `skips` chances have passed: in the middle of a batch, say. */
  after(name: FaultName, skips: number): void {
    this.of(name).skips = skips;
    this.once(name);
  }

  /** Every time, until cleared. */
  always(name: FaultName): void {
    this.of(name).always = true;
  }

  /** With probability `p` (0…1) each time. */
  withProbability(name: FaultName, p: number): void {
    this.of(name).probability = p;
  }

  /** Switches one fault off, or all of them. How often they hit is kept. */
  clear(name?: FaultName): void {
    const names = name === undefined ? [...this.armed.keys()] : [name];
    for (const each of names) Object.assign(this.of(each), { skips: 0, left: 0, always: false, probability: 0 });
  }

  /** Whether the fault strikes now; counts it if so. */
  take(name: FaultName): boolean {
    const fault = this.armed.get(name);
    if (fault === undefined) return false;
    if (fault.skips > 0) {
      fault.skips -= 1;
      return false;
    }
    const strikes = fault.always || fault.left > 0 || (fault.probability > 0 && fault.random() < fault.probability);
    if (!strikes) return false;
    if (!fault.always && fault.left > 0) fault.left -= 1;
    fault.hits += 1;
    return true;
  }

  /** How often the fault has struck. */
  hits(name: FaultName): number {
    return this.armed.get(name)?.hits ?? 0;
  }

  private of(name: FaultName): Armed {
    let fault = this.armed.get(name);
    if (fault === undefined) {
      fault = { skips: 0, left: 0, always: false, probability: 0, hits: 0, random: seededRandom(`${String(this.seed)}:${name}`) };
      this.armed.set(name, fault);
    }
    return fault;
  }
}

/** A repeatable stream of numbers in 0…1 (mulberry32 over an FNV-1a hash of the text). */
export function seededRandom(text: string): () => number {
  let state = 2166136261;
  for (const char of text) state = Math.imul(state ^ (char.codePointAt(0) ?? 0), 16777619);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
