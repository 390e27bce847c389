import path from 'node:path';
import { z } from 'zod';
import type { MediaType } from '@media-pipeline/media';

/** What a file was turned into because iCloud did not take it as it is. */
export const Conversion = z.object({
  into: z.enum(['JPEG', 'QuickTime']),
  /** As it is called in iCloud. */
  name: z.string(),
  bytes: z.number(),
  sha256: z.string(),
  /** What iCloud calls its content. */
  checksum: z.string(),
});
export type Conversion = z.infer<typeof Conversion>;

/** A conversion that was handed over, whose end may not be known. */
export const SentConversion = Conversion.extend({ putAt: z.iso.datetime() });
export type SentConversion = z.infer<typeof SentConversion>;

/** What a content can be sent as instead; null: nothing. iCloud takes JPEG and QuickTime by every route. */
export function instead(type: MediaType | null): Conversion['into'] | null {
  if (type?.format === 'heic') return 'JPEG';
  return type?.format === 'mp4' ? 'QuickTime' : null;
}

const endings = { JPEG: 'JPG', QuickTime: 'MOV' } as const;

/** `IMG_1.HEIC` → `IMG_1.JPG`; `IMG_1.HEIC.JPG` where another file of the batch is called so. @param taken in lower case */
export function convertedName(name: string, into: Conversion['into'], taken: ReadonlySet<string>): string {
  const short = `${path.parse(name).name}.${endings[into]}`;
  return taken.has(short.toLowerCase()) ? `${name}.${endings[into]}` : short;
}
