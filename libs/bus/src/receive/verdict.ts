import { PipelineError, toPipelineError, type ConsumerPolicy, type ErrorCode, type Outcome } from '@media-pipeline/contracts';
import { deliveryLimit } from '../topology/consumers';

/** What happens to a message. */
export type Verdict =
  | { readonly kind: 'ack'; readonly reason: string | undefined; readonly as: 'done' | 'skip' }
  | { readonly kind: 'again'; readonly afterMs: number; readonly code: ErrorCode | undefined; readonly reason: string }
  /** Said anew as a fresh message, then acked: see {@link verdictOfOutcome}. */
  | { readonly kind: 'renew'; readonly reason: string }
  | { readonly kind: 'dead'; readonly code: ErrorCode; readonly reason: string };

/**
 * The verdict on a handler's outcome (its emits are stored by then).
 *
 * A stage may put a message off for weeks (the phone is away), and each time costs a delivery of the server's limit, which
 * is there for crashes. A message that has used two thirds of it is therefore said anew, with a fresh count.
 */
export function verdictOfOutcome(outcome: Outcome, deliveries: number, policy: Pick<ConsumerPolicy, 'maxDeliver'>): Verdict {
  switch (outcome.kind) {
    case 'done':
      return { kind: 'ack', as: 'done', reason: undefined };
    case 'skip':
      return { kind: 'ack', as: 'skip', reason: outcome.reason };
    case 'retry':
      if (deliveries >= policy.maxDeliver * 2) return { kind: 'renew', reason: outcome.reason };
      return { kind: 'again', afterMs: outcome.afterMs, code: undefined, reason: outcome.reason };
    case 'dead':
      return { kind: 'dead', code: outcome.code, reason: outcome.reason };
  }
}

export interface Attempt {
  /** How often this process saw this message fail, this time included. */
  readonly failures: number;
  /** How often the server delivered it, to whomever. */
  readonly deliveries: number;
  /** The stage is being shut down: what is thrown now says nothing about the message. */
  readonly draining: boolean;
}

/**
 * The verdict on what a handler threw: what cannot get better is dead at once; the rest comes back with growing delay and is
 * dead, with the same code, after `maxDeliver` failures (or when the server would not deliver it once more).
 */
export function verdictOfThrown(thrown: unknown, attempt: Attempt, policy: Pick<ConsumerPolicy, 'maxDeliver' | 'backoffMs'>): Verdict {
  const error = toPipelineError(thrown);
  const hopeless = error.code === 'UNEXPECTED' ? thrown instanceof PipelineError : error.permanent;
  if (hopeless) return { kind: 'dead', code: error.code, reason: error.message };
  if (attempt.draining) return { kind: 'again', afterMs: 0, code: error.code, reason: error.message };
  if (attempt.failures >= policy.maxDeliver || attempt.deliveries >= deliveryLimit(policy)) {
    return { kind: 'dead', code: error.code, reason: `${error.message} (given up after ${Math.max(attempt.failures, attempt.deliveries)} attempts)` };
  }
  return { kind: 'again', afterMs: backoff(policy.backoffMs, attempt.failures), code: error.code, reason: error.message };
}

/** The wait before the next attempt (ms); the last entry repeats. */
export const backoff = (waits: readonly number[], failures: number): number => waits[Math.min(failures, waits.length) - 1] ?? 0;
