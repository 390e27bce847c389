import type { ErrorCode } from './errors';
import type { PayloadInput, Subject } from './subjects';

/** One message to be said. `id` is its JetStream message id: the same work said twice within the window counts once. */
export type Emit = { [S in Subject]: { readonly subject: S; readonly payload: PayloadInput<S>; readonly id: string } }[Subject];

/**
 * What a handler returns; the bus alone turns it into publish → PubAck → ack, nak or term (libs/bus/src/settle.ts).
 *
 * `done`   the work is durable; say `emits` (a list, or a stream for work that finds many assets), then ack.
 * `skip`   nothing to do here (switched off, nothing to gain, done before): the same, with the reason for the log.
 * `retry`  not now: the message comes back after `afterMs`; it does not count as a failure of the input.
 * `dead`   never: the message goes to `media.failed.<stage>` with code and reason, the asset is set aside (or failed).
 */
export type Outcome =
  | { readonly kind: 'done'; readonly emits: Iterable<Emit> | AsyncIterable<Emit> }
  | { readonly kind: 'skip'; readonly reason: string; readonly emits: Iterable<Emit> | AsyncIterable<Emit> }
  | { readonly kind: 'retry'; readonly afterMs: number; readonly reason: string }
  | { readonly kind: 'dead'; readonly code: ErrorCode; readonly reason: string };

export const done = (...emits: Emit[]): Outcome => ({ kind: 'done', emits });
export const doneStreaming = (emits: AsyncIterable<Emit>): Outcome => ({ kind: 'done', emits });
export const skip = (reason: string, ...emits: Emit[]): Outcome => ({ kind: 'skip', reason, emits });
export const retry = (afterMs: number, reason: string): Outcome => ({ kind: 'retry', afterMs, reason });
export const dead = (code: ErrorCode, reason: string): Outcome => ({ kind: 'dead', code, reason });

/** An {@link Emit} with its message id made the house's way: `<stage or subject>:<asset or batch id>[:<content>]`. */
export function emit<S extends Subject>(subject: S, payload: PayloadInput<S>, ...identity: readonly string[]): Emit {
  return { subject, payload, id: [subject, ...identity].join(':') } as Emit;
}
