import { retryAfterMs } from '../http/retry';

/** What the head of a content host's answer makes of a download. */
export type Verdict =
  /** The bytes that follow belong behind those that are there. */
  | { readonly kind: 'append' }
  /** The bytes that follow are the whole file. */
  | { readonly kind: 'whole' }
  /** What is there fits nothing: ask for the whole file. */
  | { readonly kind: 'restart' }
  /** The address is used up (410) or refused (401, 403, 404). */
  | { readonly kind: 'address'; readonly status: number }
  | { readonly kind: 'later'; readonly status: number; readonly afterMs: number | null }
  /** Something else in the file's place: a page, an error message. */
  | { readonly kind: 'not_the_file'; readonly why: string };

interface Wanted {
  /** Bytes that are there already, and that the request's Range left out. */
  readonly have: number;
  /** Of the whole file. */
  readonly bytes: number;
}

/** @param headers with lower-case names */
export function judge(status: number, headers: Readonly<Record<string, string>>, { have, bytes }: Wanted, nowMs: number): Verdict {
  if (status === 206) return judgePart(headers['content-range'], { have, bytes });
  if (status === 200) return judgeWhole(headers, bytes);
  if (status === 416) return have > 0 ? { kind: 'restart' } : { kind: 'not_the_file', why: 'HTTP 416' };
  if (status === 401 || status === 403 || status === 404 || status === 410) return { kind: 'address', status };
  if (status === 408 || status === 429 || status >= 500) return { kind: 'later', status, afterMs: retryAfterMs(headers['retry-after'], nowMs) };
  return { kind: 'not_the_file', why: `HTTP ${status}` };
}

/** Whether content begins like a web page (only asked where the answer's head leaves it open). */
export const beginsLikePage = (chunk: Uint8Array): boolean => /^\s*<(!doctype html|html)\b/i.test(Buffer.from(chunk.buffer, chunk.byteOffset, Math.min(chunk.length, 64)).toString('latin1'));

function judgePart(range: string | undefined, { have, bytes }: Wanted): Verdict {
  const [, from, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(range?.trim() ?? '') ?? [];
  if (from === undefined || total === undefined) return { kind: 'restart' };
  if (total !== '*' && Number(total) !== bytes) return { kind: 'not_the_file', why: `a file of ${total} bytes instead of ${bytes}` };
  return Number(from) === have ? { kind: 'append' } : { kind: 'restart' };
}

function judgeWhole(headers: Readonly<Record<string, string>>, bytes: number): Verdict {
  const length = headers['content-length'];
  if (length !== undefined && Number(length) !== bytes) return { kind: 'not_the_file', why: `${length} bytes of ${headers['content-type'] ?? 'unnamed type'} instead of ${bytes}` };
  // Without a length only the type can tell a page from a photo. (An edit's sidecar may well be XML; it is never HTML.)
  if (length === undefined && /\bhtml\b/i.test(headers['content-type'] ?? '')) return { kind: 'not_the_file', why: 'a web page' };
  return { kind: 'whole' };
}
