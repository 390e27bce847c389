import { stat } from 'node:fs/promises';
import type { EncodeJob, Findings } from '../../encoder.port';
import type { Similarity } from './similarity';

interface JobMemory {
  measured?: { readonly file: string; readonly similarity: Similarity };
  findings?: Findings;
}

/** What jobs under way have found already, so that it is not done twice; gone with the job. */
const memory = new WeakMap<EncodeJob, JobMemory>();

function memoryOf(job: EncodeJob): JobMemory {
  const known = memory.get(job) ?? {};
  memory.set(job, known);
  return known;
}

/** A file as long as nobody writes to it. */
async function identityOf(path: string): Promise<string> {
  const { ino, size, mtimeNs } = await stat(path, { bigint: true });
  return `${ino}:${size}:${mtimeNs}`;
}

/** Remembers what was measured of the result as it lies on disk now. */
export async function rememberMeasured(job: EncodeJob, similarity: Similarity): Promise<void> {
  memoryOf(job).measured = { file: await identityOf(job.temporary), similarity };
}

/** What was measured of exactly this result; null when it was written to since. */
export async function measuredBefore(job: EncodeJob): Promise<Similarity | null> {
  const { measured } = memoryOf(job);
  return measured && measured.file === (await identityOf(job.temporary)) ? measured.similarity : null;
}

export const rememberFindings = (job: EncodeJob, findings: Findings): void => void (memoryOf(job).findings = findings);
export const findingsOf = (job: EncodeJob): Findings | null => memoryOf(job).findings ?? null;
