import { readFile, rm } from 'node:fs/promises';
import { errnoOf, writeDurably, type Library } from '@media-pipeline/files';
import { z } from 'zod';

/** Why nothing is uploaded by Apple's page any more, in no process and after no restart, until somebody has looked. */
const UploadHalt = z.object({
  at: z.iso.datetime(),
  /** What was seen, and where its picture lies. */
  reason: z.string(),
  /** Fingerprint of the selectors that did not help: with others it is tried again. */
  selectors: z.string(),
});
export type UploadHalt = z.infer<typeof UploadHalt>;

const fileOf = (library: Library): string => library.absolute(library.path('.media-pipeline', 'icloud-upload-halted.json'));

/** Null when uploads may go on; also when nobody can read what was written. */
export async function readUploadHalt(library: Library): Promise<UploadHalt | null> {
  const text = await readFile(fileOf(library), 'utf8').catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return '';
    throw error;
  });
  try {
    return UploadHalt.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

export async function haltUploads(library: Library, halt: UploadHalt): Promise<void> {
  await writeDurably(fileOf(library), JSON.stringify(halt));
}

/** Uploads go on: somebody has helped, and one went well. */
export async function liftUploadHalt(library: Library): Promise<void> {
  await rm(fileOf(library), { force: true });
}
