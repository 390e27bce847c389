import { effectiveStatus, property, textOf, type Answer } from './answer';

/**
 * `misrouted`: HTTP 421. `stale`: the session is over. `locked`: the cookies of Advanced Data Protection are missing (423, as rclone users report).
 * `fine` is also an error that CloudKit words in the body, whatever the status: whoever asked knows what it means.
 */
export type Verdict = 'fine' | 'misrouted' | 'stale' | 'locked' | 'unknown';

/** What an answer of a web service says about the session. */
export function judge(answer: Answer): Verdict {
  const status = effectiveStatus(answer);
  const code = textOf(property(answer.json, 'serverErrorCode'));
  if (status === 421) return 'misrouted';
  if (status === 423) return 'locked';
  if (status === 401 || status === 450 || (code !== null && notAuthenticated.has(code))) return 'stale';
  if (code !== null) return 'fine';
  return status >= 200 && status <= 299 && answer.json !== undefined ? 'fine' : 'unknown';
}

/** CloudKit Web Services Reference, "Error codes". */
const notAuthenticated: ReadonlySet<string> = new Set(['AUTHENTICATION_FAILED', 'AUTHENTICATION_REQUIRED']);
