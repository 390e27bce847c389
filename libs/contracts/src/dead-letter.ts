import type { ErrorCode } from './errors';
import type { StageName } from './stages';

/** Header names of a dead letter on `media.failed.<stage>`; the body is the original message, byte for byte. */
export const deadLetterHeaders = {
  code: 'Media-Error-Code',
  reason: 'Media-Error-Reason',
  subject: 'Media-Subject',
  consumer: 'Media-Consumer',
  deliveries: 'Media-Deliveries',
  sequence: 'Media-Stream-Sequence',
  asset: 'Media-Asset',
} as const;

/** A dead letter as the CLI, the dashboard and the notifier read it. */
export interface DeadLetter {
  /** Its sequence in the dead-letter stream: the number that `dlq show|retry|drop` take. */
  readonly sequence: number;
  readonly at: Date;
  readonly stage: StageName;
  readonly subject: string;
  readonly code: ErrorCode;
  readonly reason: string;
  readonly deliveries: number;
  readonly assetId: string | undefined;
  readonly body: Uint8Array;
}
