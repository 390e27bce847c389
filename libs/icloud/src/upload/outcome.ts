import { PipelineError, type ErrorCode } from '@media-pipeline/contracts';
import { UnexpectedAnswer } from '../http/unexpected-answer';
import { RateLimited } from '../http/web-client';

/** What came of an upload, as far as Apple's answers tell. Only a {@link Sighting} proves that the photo is there. */
export type UploadOutcome =
  /** Made. `jobId` is null when that was seen in the library, and not in an answer, which was lost. */
  | { readonly kind: 'created'; readonly recordName: string; readonly masterName: string | null; readonly jobId: string | null }
  /** The content was there before, and nothing was made. The asset may be hidden or in Recently Deleted: a look at it tells. */
  | { readonly kind: 'already_there'; readonly recordName: string | null; readonly masterName: string | null }
  /** Later may be better. Look first: with `mayHaveArrived` it is open whether Apple has it, although it was looked for. */
  | { readonly kind: 'retryable'; readonly code: ErrorCode; readonly reason: string; readonly mayHaveArrived: boolean; readonly notBefore: Date | null }
  /** The same file would be refused again. */
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly reason: string };

const refusals: ReadonlySet<ErrorCode> = new Set(['ICLOUD_UPLOAD_ABSENT', 'ICLOUD_STORAGE_FULL', 'ICLOUD_TYPE_REFUSED', 'ICLOUD_FILE_TOO_LARGE', 'ICLOUD_UPLOAD_REFUSED']);
const passing: ReadonlySet<ErrorCode> = new Set(['ICLOUD_RATE_LIMITED', 'ICLOUD_UNREACHABLE', 'ICLOUD_ANSWER_UNKNOWN', 'ICLOUD_URL_EXPIRED', 'ICLOUD_CONTENT_MISMATCH', 'ICLOUD_UPLOAD_FAILED', 'ICLOUD_UPLOAD_NOT_SEEN']);

/** The outcome that an error is; null for one that concerns more than this file (the session, the disk, a file that changed). */
export function outcomeOf(error: unknown, mayHaveArrived: boolean): Extract<UploadOutcome, { kind: 'retryable' | 'refused' }> | null {
  if (!(error instanceof PipelineError)) return null;
  const { code, message: reason } = error;
  if (refusals.has(code)) return { kind: 'refused', code, reason };
  if (!passing.has(code)) return null;
  return { kind: 'retryable', code, reason, mayHaveArrived, notBefore: error instanceof RateLimited ? new Date(error.until) : null };
}

/** Whether an error of `putAsset` leaves open that the asset was made: an answer that refuses does not, everything else does. */
export function leavesOpen(error: unknown): boolean {
  if (!(error instanceof PipelineError) || refusals.has(error.code)) return false;
  if (error instanceof UnexpectedAnswer && error.status >= 400 && error.status <= 499) return false;
  return passing.has(error.code);
}
