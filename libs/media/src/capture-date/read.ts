import { open } from 'node:fs/promises';
import exifr from 'exifr';
import { identify, openError } from '../identify';
import type { MediaType } from '../types';
import { parseTime } from './calendar';
import { chooseCaptureDate, type CaptureDate, type DateCandidate } from './choose';
import { readEmbedded, type Embedded } from './embedded';
import { exifCandidates, type RawTags } from './exif-candidates';
import { dateFromFilename } from './filename';
import { videoCandidates } from './video-candidates';
import { machineZone } from './zones';

export interface CaptureDateOptions {
  /** Whether what stands inside the file counts (SORTING_USE_EXIF). */
  readonly useMetadata: boolean;
  /** Whether the source file's own date counts when nothing better is found (SORTING_FALLBACK_TO_CREATION_DATE). */
  readonly fallbackToFileDate: boolean;
  /** The file's name in its source. */
  readonly filename: string;
  readonly modifiedAt: Date | null;
  /** What the source that it came from says: ISO 8601 with the offset of the place, or in UTC (`Z`) where that is not known. */
  readonly told?: { readonly source: string; readonly date: string } | null;
  /** For tests: the present, and the time zone that stands in for an unknown one. */
  readonly now?: number;
  readonly zone?: string;
}

/**
 * When a photo or video was taken: EXIF or QuickTime, XMP, IPTC, PNG text → what its source says → its name → when it was last written (as the file says itself,
 * then as the file system says). Bytes that make no sense count as "no date"; throws only when the file cannot be read.
 */
export async function readCaptureDate(path: string, options: CaptureDateOptions): Promise<CaptureDate> {
  const inside = options.useMetadata ? await metadataCandidates(path) : { taken: [], written: [] };
  const named = dateFromFilename(options.filename);
  const candidates: DateCandidate[] = [...inside.taken, ...(options.told ? textCandidate(options.told.source, options.told.date) : []), ...(named ? [named] : []), ...inside.written];
  if (options.fallbackToFileDate && options.modifiedAt) candidates.push({ source: 'file', time: { instant: options.modifiedAt.getTime() } });
  return chooseCaptureDate(candidates, options.now ?? Date.now(), options.zone ?? machineZone());
}

interface MetadataDates {
  readonly taken: readonly DateCandidate[];
  readonly written: readonly DateCandidate[];
}

async function metadataCandidates(path: string): Promise<MetadataDates> {
  const type = await identify(path);
  if (type?.family === 'video') return { taken: await videoCandidates(path, type), written: [] };
  if (!type) return { taken: [], written: [] };
  const embedded = await openEmbedded(path, type);
  const { tags, xmp } = await readTags(embedded ? embedded.exif : path);
  const dates = exifCandidates(tags, xmp || (embedded?.xmp ?? ''));
  return { taken: [...dates.taken, ...textCandidate('PNG:CreationTime', embedded?.creationTime)], written: [...dates.written, ...textCandidate('PNG:tIME', embedded?.changedTime)] };
}

async function openEmbedded(path: string, type: MediaType): Promise<Embedded | null> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw openError(path, error);
  });
  try {
    return await readEmbedded(handle, type);
  } finally {
    await handle.close();
  }
}

/** A text of PNG's is ISO 8601 or RFC 1123 by recommendation, and anything in practice. A time in UTC is an instant: nobody's wall clock. */
function textCandidate(source: string, text: string | null | undefined): DateCandidate[] {
  if (!text) return [];
  const parsed = parseTime(text);
  if (parsed && !text.trim().endsWith('Z')) return [{ source, time: { ...parsed, zone: parsed.offsetMinutes === null ? 'none' : 'recorded' } }];
  const instant = Date.parse(text);
  return Number.isNaN(instant) ? [] : [{ source, time: { instant } }];
}

const exifrOptions = {
  tiff: true, ifd0: {}, exif: true, gps: true, iptc: true, xmp: { parse: false },
  ifd1: false, interop: false, icc: false, jfif: false, ihdr: false, makerNote: false, userComment: false,
  mergeOutput: false, reviveValues: false, translateValues: false,
};

/** exifr throws, or answers with undefined, for bytes that it cannot make sense of: both mean that there is nothing to be read. */
async function readTags(source: string | Buffer | null): Promise<{ tags: RawTags; xmp: string }> {
  if (source === null || (typeof source !== 'string' && source.length < 8)) return { tags: {}, xmp: '' };
  try {
    const found: unknown = await exifr.parse(source, exifrOptions);
    if (typeof found !== 'object' || found === null) return { tags: {}, xmp: '' };
    const { xmp, ...blocks } = found as Record<string, unknown>;
    return { tags: Object.fromEntries(Object.entries(blocks).filter(([, block]) => typeof block === 'object' && block !== null)) as RawTags, xmp: typeof xmp === 'string' ? xmp : '' };
  } catch {
    return { tags: {}, xmp: '' };
  }
}
