import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { PipelineError } from '@media-pipeline/contracts';
import type { EncodeJob, Findings } from '../../encoder.port';
import type { ImageSource } from './image-codec';
import type { MeasureAnswer } from './picture-messages';

/** A file that an image codec reads whole; larger ones are no photos, or raw scans whose pixels are beyond the limit anyway. */
const maxBytes = 1024 * 1024 * 1024;

interface JobMemory {
  source?: ImageSource;
  measured?: { readonly sha256: string; readonly answer: MeasureAnswer };
  findings?: Findings;
}

/** What jobs under way have read and found already, so that neither is done twice; gone with the job. */
const memory = new WeakMap<EncodeJob, JobMemory>();

const memoryOf = (job: EncodeJob): JobMemory => {
  const known = memory.get(job) ?? {};
  memory.set(job, known);
  return known;
};

/** The bytes of the source, read once; the service makes sure that the file is the same before and after. */
export async function readSource(job: EncodeJob): Promise<ImageSource> {
  const { source, settings, signal, temporary } = job;
  const known = memoryOf(job);
  if (known.source) return known.source;
  const { size } = await stat(source);
  if (size > maxBytes) throw new PipelineError('MEDIA_TOO_LARGE', `the picture has ${size} bytes`);
  const bytes = await readFile(source);
  return (known.source = { bytes, settings, signal, scratch: temporary, onProgress: (fraction) => job.onProgress(fraction) });
}

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Remembers that exactly these bytes were decoded to their end and measured. */
export function rememberMeasured(job: EncodeJob, bytes: Uint8Array, answer: MeasureAnswer): void {
  memoryOf(job).measured = { sha256: hashOf(bytes), answer };
}

/** What was measured of exactly these bytes; null for any others. */
export function measuredBefore(job: EncodeJob, bytes: Uint8Array): MeasureAnswer | null {
  const measured = memoryOf(job).measured;
  return measured && measured.sha256 === hashOf(bytes) ? measured.answer : null;
}

export const rememberFindings = (job: EncodeJob, findings: Findings): void => void (memoryOf(job).findings = findings);
export const findingsOf = (job: EncodeJob): Findings | null => memoryOf(job).findings ?? null;
