/** How one try of a request ended. */
export type Outcome =
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfterMs: number | null }
  /** `sent`: the server may have got the request and acted on it. */
  | { readonly kind: 'dropped'; readonly sent: boolean };

/**
 * Whether a request may be sent again when the server may have acted on it: a code must not be pushed twice, a proof not given twice. With `once`
 * not even after 503, which a gateway can say of a server that did what was asked; only 429 is a refusal for sure.
 */
export type Repeat = 'freely' | 'if_refused' | 'once';

export interface Patience {
  readonly tries: number;
  /** The longest single wait that is sat out; a server that asks for more is believed, and the caller told. */
  readonly longestWaitMs: number;
  readonly totalWaitMs: number;
}

export type Decision =
  | { readonly kind: 'take' }
  | { readonly kind: 'again'; readonly afterMs: number }
  | { readonly kind: 'rate_limited'; readonly afterMs: number }
  | { readonly kind: 'unreachable' };

const firstBackoffMs = 500;
/** What 429 and 503 mean without a Retry-After. */
const unsaidWaitMs = 5_000;

/**
 * What to do after a try.
 * @param tries how many there have been, this one included
 * @param waitedMs in all, between them
 * @param random in [0, 1): spreads the waits of clients that failed together
 */
export function decide(outcome: Outcome, tries: number, waitedMs: number, repeat: Repeat, patience: Patience, random: number): Decision {
  const spent = tries >= patience.tries;
  if (outcome.kind === 'answer' && (outcome.status === 429 || outcome.status === 503)) {
    const afterMs = outcome.retryAfterMs ?? unsaidWaitMs * 2 ** (tries - 1);
    const bearable = afterMs <= patience.longestWaitMs && waitedMs + afterMs <= patience.totalWaitMs;
    const refused = repeat !== 'once' || outcome.status === 429;
    return bearable && !spent && refused ? { kind: 'again', afterMs: Math.ceil(afterMs * (1 + random / 10)) } : { kind: 'rate_limited', afterMs };
  }
  if (outcome.kind === 'answer' && !serverTrouble.has(outcome.status)) return { kind: 'take' };
  if (spent || (repeat !== 'freely' && mayHaveActed(outcome))) return { kind: 'unreachable' };
  const backoffMs = Math.min(firstBackoffMs * 2 ** (tries - 1), patience.longestWaitMs);
  return { kind: 'again', afterMs: Math.ceil(backoffMs * (0.5 + random / 2)) };
}

const serverTrouble: ReadonlySet<number> = new Set([408, 500, 502, 504]);

const mayHaveActed = (outcome: Outcome): boolean => outcome.kind === 'answer' || outcome.sent;

/** No server gets us to be silent for longer. */
const longestRetryAfterMs = 24 * 3_600_000;

/** The wait that a Retry-After header asks for (RFC 9110 §10.2.3: seconds or a date), between nothing and a day; null without a header that can be read. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | null {
  if (header === undefined) return null;
  const text = header.trim();
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), longestRetryAfterMs);
}
