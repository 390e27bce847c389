import { z } from 'zod';
import { readTrouble, type UploadTrouble } from './refusal';

const name = z.string().min(1).nullish().transform((text) => text ?? null).catch(null);

const PutResult = z.object({
  uploadJobId: name,
  cplMaster: name,
  cplAsset: name,
  response: z
    .object({
      status: z.coerce.number(),
      isRetryable: z.boolean().nullish().catch(null),
      errorMessage: z.string().nullish().catch(null),
    })
    .nullish()
    .catch(null),
});

/** Record names that `putAsset` gives; each null when it does not. */
export interface PutNames {
  readonly recordName: string | null;
  readonly masterName: string | null;
  readonly jobId: string | null;
}

export type PutVerdict =
  | { readonly kind: 'created'; readonly names: PutNames & { readonly recordName: string } }
  /** 409: an asset with this content is there; it is named, and no job is begun (recorded of Apple: "duplicate asset"). */
  | { readonly kind: 'already_there'; readonly names: PutNames }
  | { readonly kind: 'trouble'; readonly trouble: UploadTrouble; readonly why: string; readonly names: PutNames }
  | { readonly kind: 'not_understood'; readonly why: string };

/**
 * Reads the answer of `putAsset` for one file: a list of `{uploadJobId, cplMaster, cplAsset, response: {status, isRetryable, errorMessage}}`
 * (pyicloud's fixtures, confirmed against a live account). A refusal can carry names, too: of what was not made, or only half.
 */
export function judgePut(answer: unknown): PutVerdict {
  if (!Array.isArray(answer) || answer.length !== 1) return { kind: 'not_understood', why: Array.isArray(answer) ? `${answer.length} results for one file` : 'the answer is no list' };
  const parsed = PutResult.safeParse(answer[0]);
  if (!parsed.success) return { kind: 'not_understood', why: 'the result cannot be read' };
  const { uploadJobId: jobId, cplMaster: masterName, cplAsset: recordName, response } = parsed.data;
  const names = { recordName, masterName, jobId };
  const status = response?.status ?? 200;
  if (status === 409) return { kind: 'already_there', names };
  if (status >= 200 && status <= 299) return recordName === null ? { kind: 'not_understood', why: 'the result names no asset' } : { kind: 'created', names: { ...names, recordName } };
  const message = response?.errorMessage ?? '';
  return { kind: 'trouble', trouble: readTrouble({ status, message, retryable: response?.isRetryable ?? null }), why: `putAsset: ${status}${message === '' ? '' : ` (${message})`}`, names };
}
