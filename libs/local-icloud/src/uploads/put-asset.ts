import { z } from 'zod';
import type { Clock } from '../clock';
import type { FaultBoard } from '../faults';
import { capture } from '../photos/folder';
import type { LocalLibrary } from '../photos';
import type { Content } from '../photos/content';
import type { RecordNames } from '../photos/arrivals';
import { typeOfUpload } from './content-type';
import type { StoredBytes } from './content-store';
import type { LocalUploads } from './local-uploads';

const receipt = z.object({ referenceChecksum: z.string(), size: z.number(), fileChecksum: z.string(), wrappingKey: z.string(), receipt: z.string() });
const file = z.object({
  fileName: z.string().min(1),
  /** Milliseconds since the epoch. */
  lastModDate: z.int(),
  /** Minutes, in JavaScript's sign: UTC+2 is -120. */
  timeZoneOffset: z.int(),
  singleFileUploadRequest: receipt,
});

/** The body of putAsset. */
export const putAssetBody = z.object({ zoneName: z.string(), files: z.array(file).min(1), localTimeZoneId: z.string(), importGroup: z.string() });

type PutFile = z.infer<typeof file>;

/** One entry of putAsset's answer. A 409 has neither uploadJobId nor isRetryable; a 503 has the names that the records would have had. */
export interface FileAnswer {
  readonly uploadJobId?: string;
  readonly cplMaster?: string;
  readonly cplAsset?: string;
  readonly response: { readonly status: number; readonly isRetryable?: boolean; readonly errorMessage?: string };
}

/** What putting needs of the server. */
export interface Putting {
  readonly uploads: LocalUploads;
  readonly library: LocalLibrary;
  readonly faults: FaultBoard;
  readonly clock: Clock;
}

/** Registers one uploaded file, or says why not. Refusals other than 409 and 503 are assumed: nobody has recorded one. */
export async function putFile(given: PutFile, zone: string, importGroup: string, putting: Putting): Promise<FileAnswer> {
  const { uploads, library, faults } = putting;
  const stored = uploads.redeem(given.singleFileUploadRequest);
  if (stored === null) return refused(400, 'invalid receipt');
  const type = typeOfUpload(stored.head, given.fileName);
  // whatever waits, waits here: from the look for a copy to the taking in nothing may come between
  const taken = await capture(stored.path, type);
  if (type === 'public.data' || uploads.refusedTypes.includes(type) || faults.take('putAsset.file415')) return refused(415, 'unsupported file type');
  const copy = library.copyOf(zone, stored.checksum, uploads.duplicatesKnown === 'at once');
  if (copy !== null) {
    uploads.duplicates += 1;
    return { cplMaster: copy.master, cplAsset: copy.asset, response: { status: 409, errorMessage: 'duplicate asset' } };
  }
  if (faults.take('putAsset.file413') || isFull(uploads, stored.bytes)) return refused(413, 'quota exceeded');
  if (faults.take('putAsset.file500')) return refused(500, 'internal error');
  const content: Content = { bytes: stored.bytes, checksum: stored.checksum, type, source: { kind: 'file', path: stored.path } };
  const names = library.namesFor(content);
  if (faults.take('putAsset.file503')) return registered(zone, names, 503);
  takeIn(given, { zone, importGroup, names, stored, content, taken }, putting);
  return registered(zone, names, faults.take('putAsset.file503taken') ? 503 : 200);
}

/** Whether so many more bytes are too many. */
export function isFull(uploads: LocalUploads, bytes: number): boolean {
  return uploads.quotaBytes !== null && uploads.bytesTaken + bytes > uploads.quotaBytes;
}

interface Accepted {
  readonly zone: string;
  readonly importGroup: string;
  readonly names: RecordNames;
  readonly stored: StoredBytes;
  readonly content: Content;
  readonly taken: Awaited<ReturnType<typeof capture>>;
}

function takeIn(given: PutFile, { zone, importGroup, names, stored, content, taken }: Accepted, { uploads, library, faults, clock }: Putting): void {
  // a picture without a zone of its own was taken in the one that the browser was in
  const takenAt = taken === null ? given.lastModDate : taken.offset === null ? taken.at + given.timeZoneOffset * 60_000 : taken.at;
  const appearsAt = faults.take('putAsset.neverIndexed') ? Infinity : uploads.nextAppearance();
  if (appearsAt < Infinity) library.receive({ zone, names, content, filename: given.fileName, takenAt, timeZoneOffset: taken?.offset ?? -given.timeZoneOffset * 60 }, appearsAt);
  const { checksum, sha256, bytes } = stored;
  const { fileName, lastModDate } = given;
  uploads.remember({ fileName, zone, names, jobId: jobOf(zone, names), checksum, sha256, bytes, type: content.type, lastModDate, importGroup, at: clock.now(), appearsAt });
}

/** In the recorded form. */
const jobOf = (zone: string, { master, asset }: RecordNames) => `${master}#${zone}:${asset}`;

function registered(zone: string, names: RecordNames, status: 200 | 503): FileAnswer {
  return { uploadJobId: jobOf(zone, names), cplMaster: names.master, cplAsset: names.asset, response: { status, isRetryable: status === 503 } };
}

function refused(status: number, errorMessage: string): FileAnswer {
  return { response: { status, isRetryable: false, errorMessage } };
}
