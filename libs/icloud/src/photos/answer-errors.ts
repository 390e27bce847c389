import { PipelineError } from '@media-pipeline/contracts';
import { z } from 'zod';

/** An error inside an answer's body, as CloudKit words it. */
export interface AnswerError {
  readonly code: string;
  readonly reason: string;
  readonly retryAfterMs: number | null;
}

const ErrorBody = z.object({
  serverErrorCode: z.string().min(1),
  reason: z.string().nullish().catch(null),
  retryAfter: z.number().nonnegative().nullish().catch(null),
});

const Parts = z.object({
  zones: z.array(z.unknown()).nullish().catch(null),
  batch: z.array(z.unknown()).nullish().catch(null),
  records: z.array(z.unknown()).nullish().catch(null),
});

const passing = new Set(['RETRY_LATER', 'TRY_AGAIN_LATER', 'CAS_OP_LOCK', 'THROTTLED']);

/** Whether the same question may be answered a little later (icloudpd-rs retries the same four). */
export const isPassing = (code: string): boolean => passing.has(code);

function errorOf(part: unknown): AnswerError | null {
  // Asked of each record of each page: a parse that fails would be most of the work.
  if (typeof part !== 'object' || part === null || !('serverErrorCode' in part)) return null;
  const parsed = ErrorBody.safeParse(part);
  if (!parsed.success) return null;
  const { serverErrorCode: code, reason, retryAfter } = parsed.data;
  return { code, reason: reason ?? '', retryAfterMs: retryAfter == null ? null : retryAfter * 1000 };
}

/** The error of a whole answer, or of the zone or batch that it is about; records with errors are not meant. */
export function answerError(body: unknown): AnswerError | null {
  const whole = errorOf(body);
  if (whole) return whole;
  const parts = Parts.safeParse(body);
  if (!parts.success) return null;
  for (const part of [...(parts.data.zones ?? []), ...(parts.data.batch ?? [])]) {
    const error = errorOf(part);
    if (error) return error;
  }
  return null;
}

/** The first passing error among an answer's records: reason enough to ask again before records count as refused. */
export function passingRecordError(body: unknown): AnswerError | null {
  const parts = Parts.safeParse(body);
  if (!parts.success) return null;
  for (const record of parts.data.records ?? []) {
    const error = errorOf(record);
    if (error && isPassing(error.code)) return error;
  }
  return null;
}

/** What an answer's error means to whoever asked. */
export function toError({ code, reason }: AnswerError, what: string): PipelineError {
  const said = `${what}: ${code}${reason ? ` (${reason})` : ''}`;
  if (isPassing(code)) return new PipelineError('ICLOUD_RATE_LIMITED', said);
  if (/private db access disabled/i.test(reason)) return new PipelineError('ICLOUD_WEB_ACCESS_OFF', said);
  if (code === 'ZONE_NOT_FOUND') return new PipelineError('ICLOUD_PHOTOS_OFF', said);
  return new PipelineError('ICLOUD_ANSWER_UNKNOWN', said);
}

const nothingToDoWithTokens = new Set(['ACCESS_DENIED', 'AUTHENTICATION_REQUIRED', 'AUTHENTICATION_FAILED', 'ZONE_NOT_FOUND', 'INTERNAL_ERROR', 'SERVICE_UNAVAILABLE', 'QUOTA_EXCEEDED']);

/**
 * The same where a sync token was sent. A bad one comes as `BAD_REQUEST` with changing reasons ("Unknown sync continuation type", "Invalid
 * continuation format", as icloudpd-rs recorded), so every code that is about nothing else is taken for that: the library is listed anew.
 */
export function toTokenError(error: AnswerError, what: string): PipelineError {
  if (isPassing(error.code) || nothingToDoWithTokens.has(error.code)) return toError(error, what);
  return new PipelineError('ICLOUD_SYNC_TOKEN_INVALID', `${what}: ${error.code}${error.reason ? ` (${error.reason})` : ''}`);
}
