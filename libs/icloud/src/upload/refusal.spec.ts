import { readTrouble } from './refusal';

it.each([
  [{ status: 507, message: '' }, 'refused', 'ICLOUD_STORAGE_FULL'],
  [{ status: 400, message: 'QUOTA_EXCEEDED' }, 'refused', 'ICLOUD_STORAGE_FULL'],
  [{ status: 503, message: 'quota exceeded', retryable: true }, 'refused', 'ICLOUD_STORAGE_FULL'],
  [{ status: 403, message: 'Not enough storage' }, 'refused', 'ICLOUD_STORAGE_FULL'],
  [{ status: 413, message: 'insufficient space' }, 'refused', 'ICLOUD_STORAGE_FULL'],
  [{ status: 415, message: '' }, 'refused', 'ICLOUD_TYPE_REFUSED'],
  [{ status: 400, message: 'unsupported file type', retryable: false }, 'refused', 'ICLOUD_TYPE_REFUSED'],
  [{ status: 422, message: 'Unsupported media' }, 'refused', 'ICLOUD_TYPE_REFUSED'],
  [{ status: 413, message: '' }, 'refused', 'ICLOUD_FILE_TOO_LARGE'],
  [{ status: 400, message: 'asset exceeds the maximum size' }, 'refused', 'ICLOUD_FILE_TOO_LARGE'],
  [{ status: 503, message: '', retryable: true }, 'retryable', 'ICLOUD_RATE_LIMITED'],
  [{ status: 429, message: 'too many requests' }, 'retryable', 'ICLOUD_RATE_LIMITED'],
  [{ status: 500, message: '' }, 'retryable', 'ICLOUD_UPLOAD_FAILED'],
  [{ status: 400, message: 'come again', retryable: true }, 'retryable', 'ICLOUD_UPLOAD_FAILED'],
  [{ status: 500, message: '', retryable: false }, 'refused', 'ICLOUD_UPLOAD_REFUSED'],
  [{ status: 400, message: 'unknown receipt', retryable: false }, 'refused', 'ICLOUD_UPLOAD_REFUSED'],
] as const)('%j is %s: %s', (error, kind, code) => {
  expect(readTrouble(error)).toEqual({ kind, code });
});
