import { z } from 'zod';
import { compareChecksums } from '../download/content-hash';
import { retryAfterMs } from '../http/retry';
import { property, textOf } from '../http/answer';
import type { ContentAnswer } from '../service';
import type { CloudContent } from './content';
import { readTrouble, type UploadTrouble } from './refusal';

/** What the content host gives for bytes; it goes back verbatim, fields that we do not know included. */
export type Receipt = Readonly<Record<string, unknown>>;

const Sent = z.object({
  singleFile: z.looseObject({
    receipt: z.string().min(1),
    size: z.coerce.number().nullish().catch(null),
    fileChecksum: z.string().nullish().catch(null),
  }),
});

/** What became of bytes that were sent. */
export type Verdict =
  | { readonly kind: 'taken'; readonly receipt: Receipt }
  /** Other bytes arrived than were sent. */
  | { readonly kind: 'damaged'; readonly why: string }
  /** The address is used up (410) or refused (401, 403, 404). */
  | { readonly kind: 'address'; readonly status: number }
  | { readonly kind: 'later'; readonly status: number; readonly afterMs: number | null }
  | { readonly kind: 'refused'; readonly trouble: UploadTrouble; readonly why: string }
  /** No receipt, and no error that says what to make of it. */
  | { readonly kind: 'not_understood'; readonly why: string };

/** Reads the content host's answer to the bytes of a file (`{singleFile: {receipt, size, fileChecksum, …}}`, pyicloud's fixtures). */
export function judgeSent({ status, headers, json }: ContentAnswer, { bytes, checksum }: CloudContent, nowMs: number): Verdict {
  if (status >= 200 && status <= 299) return judgeReceipt(json, bytes, checksum);
  const message = textOf(property(json, 'errorReason')) ?? textOf(property(json, 'errorMessage')) ?? textOf(property(json, 'reason')) ?? '';
  const trouble = readTrouble({ status, message });
  if (trouble.code === 'ICLOUD_STORAGE_FULL') return { kind: 'refused', trouble, why: words(status, message) };
  if (status === 401 || status === 403 || status === 404 || status === 410) return { kind: 'address', status };
  if (trouble.kind === 'retryable') return { kind: 'later', status, afterMs: retryAfterMs(headers['retry-after'], nowMs) };
  // The host stores bytes and judges no photo: what it finds wrong and does not name went wrong on the way.
  if (trouble.code === 'ICLOUD_UPLOAD_REFUSED') return { kind: 'not_understood', why: words(status, message) };
  return { kind: 'refused', trouble, why: words(status, message) };
}

const words = (status: number, message: string): string => `the content host answers ${status}${message === '' ? '' : ` (${message})`}`;

function judgeReceipt(json: unknown, bytes: number, checksum: string): Verdict {
  const parsed = Sent.safeParse(json);
  if (!parsed.success) return { kind: 'not_understood', why: 'the content host gives no receipt' };
  const { singleFile } = parsed.data;
  if (singleFile.size != null && singleFile.size !== bytes) return { kind: 'damaged', why: `${singleFile.size} of ${bytes} bytes arrived` };
  // Where it says nothing, or in a form that cannot be made here, its size has to do.
  if (singleFile.fileChecksum && compareChecksums(singleFile.fileChecksum, checksum) === 'different') return { kind: 'damaged', why: `bytes arrived with the checksum ${singleFile.fileChecksum} instead of ${checksum}` };
  return { kind: 'taken', receipt: singleFile };
}
