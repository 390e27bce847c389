import type { ErrorCode } from '@media-pipeline/contracts';

/** What an error of the upload service means for the file. */
export interface UploadTrouble {
  /** `retryable`: the same file may be taken later. */
  readonly kind: 'retryable' | 'refused';
  readonly code: ErrorCode;
}

/** An error as the services word it: an HTTP status, or the `response` of one file. */
export interface WordedError {
  readonly status: number;
  readonly message: string;
  /** `isRetryable`, where it is said. */
  readonly retryable?: boolean | null;
}

const full = /quota|storage[\s_-]*(is[\s_-]*)?full|(insufficient|not enough|no)[\s_-]*(available[\s_-]*)?(storage|space)/i;
const wrongKind = /(unsupported|invalid|unknown|not[\s_-]*(supported|allowed))[\s_-]*(file|media|content|image|video|asset|data)?[\s_-]*(type|format|codec)|(type|format)[\s_-]*(is[\s_-]*)?not[\s_-]*(supported|allowed)|unsupported[\s_-]*(media|file|asset|image|video)/i;
const tooLarge = /too[\s_-]*(large|big)|(exceed\w*|over)[\s_-]*(the[\s_-]*)?(maximum|max|limit|size|allowed)|size[\s_-]*limit/i;

/**
 * Reads an error by its status and, where statuses leave it open, by its words. Recorded of Apple are 409 (which is no error) and 503 with
 * `isRetryable`, and nothing else (pyicloud's fixtures): the rest follows RFC 9110 and RFC 4918, and is switched by whatever words Apple chooses.
 */
export function readTrouble({ status, message, retryable = null }: WordedError): UploadTrouble {
  if (status === 507 || full.test(message)) return { kind: 'refused', code: 'ICLOUD_STORAGE_FULL' };
  if (retryable === true) return later(status);
  if (status === 415 || wrongKind.test(message)) return { kind: 'refused', code: 'ICLOUD_TYPE_REFUSED' };
  if (status === 413 || tooLarge.test(message)) return { kind: 'refused', code: 'ICLOUD_FILE_TOO_LARGE' };
  if (retryable !== false && (status === 408 || status === 425 || status === 429 || status >= 500)) return later(status);
  return { kind: 'refused', code: 'ICLOUD_UPLOAD_REFUSED' };
}

const later = (status: number): UploadTrouble => ({ kind: 'retryable', code: status === 429 || status === 503 ? 'ICLOUD_RATE_LIMITED' : 'ICLOUD_UPLOAD_FAILED' });
