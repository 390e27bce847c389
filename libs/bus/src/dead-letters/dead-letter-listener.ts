import type { ErrorCode, StageName } from '@media-pipeline/contracts';

/** A message that the bus has given up on. */
export interface DeadMessage {
  readonly stage: StageName;
  readonly subject: string;
  readonly code: ErrorCode;
  readonly reason: string;
  /** The parsed body; its text when it is not JSON. */
  readonly payload: unknown;
}

/**
 * Told of each dead letter after it is stored and before its message is ended, so that the asset's state follows.
 * May be told twice of the same one. When it throws, the message comes back and is tried once more.
 */
export abstract class DeadLetterListener {
  abstract dead(letter: DeadMessage): Promise<void>;
}
