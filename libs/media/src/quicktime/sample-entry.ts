import { boxPayload, readBoxes, type Box } from '../isobmff/boxes';
import { corruptMovie, tolerating } from './structure';

/** Colour tags by their code points (ITU-T H.273). */
export interface ColourTags {
  readonly primaries: number;
  readonly transfer: number;
  readonly matrix: number;
  /** Null where the container does not say (QuickTime's `nclc`). */
  readonly fullRange: boolean | null;
}

/** What `stsd` says about a track's samples. */
export interface SampleDescription {
  /** How many descriptions there are; a track that switches between several is rare and never grafted. */
  readonly entries: number;
  /** FourCC of the first: `avc1`, `hvc1`, `mp4a`, `mebx`. */
  readonly codec: string;
  /** Picture size as coded, 0 for tracks without pictures. */
  readonly width: number;
  readonly height: number;
  /** Types of the boxes that extend the first entry: `avcC`, `colr`, `dvvC`. */
  readonly extensions: readonly string[];
  readonly colour: ColourTags | null;
  /** Names of the values that a timed metadata track (`mebx`) carries: `com.apple.quicktime.still-image-time`. */
  readonly metadataKeys: readonly string[];
}

/** Bytes of a visual sample entry before its extension boxes, without the box header (ISO/IEC 14496-12 §12.1.3). */
export const visualEntryLength = 78;

/**
 * @param stsd payload of `stsd`
 * @param handler the track's handler: `vide` entries have pictures, `meta` entries have keys
 */
export function readSampleDescription(stsd: Buffer, handler: string): SampleDescription {
  const entries = readBoxes(stsd, Math.min(8, stsd.length));
  const first = entries[0];
  if (!first) throw corruptMovie('a track describes no samples');
  const payload = boxPayload(stsd, first);
  const visual = handler === 'vide' && payload.length >= visualEntryLength;
  const extensions = visual ? visualExtensions(payload) : [];
  const colr = extensions.find(({ type }) => type === 'colr');
  return {
    entries: Math.max(entries.length, stsd.readUInt32BE(4)),
    codec: first.type,
    width: visual ? payload.readUInt16BE(24) : 0,
    height: visual ? payload.readUInt16BE(26) : 0,
    extensions: extensions.map(({ type }) => type),
    colour: colr ? tolerating(() => readColour(boxPayload(payload, colr))) : null,
    metadataKeys: first.type === 'mebx' ? (tolerating(() => readMebxKeys(payload)) ?? []) : [],
  };
}

/** The extension boxes of a visual entry's payload; QuickTime may end them with a 32-bit zero, which is no box. */
export function visualExtensions(entry: Buffer): Box[] {
  const end = entry.length >= visualEntryLength + 4 && entry.readUInt32BE(entry.length - 4) === 0 ? entry.length - 4 : entry.length;
  return tolerating(() => readBoxes(entry, visualEntryLength, end)) ?? readBoxes(entry, visualEntryLength);
}

/** `nclc` (QuickTime) and `nclx` (ISO) name code points; an ICC profile (`prof`, `rICC`) does not. */
function readColour(colr: Buffer): ColourTags | null {
  const kind = colr.toString('latin1', 0, 4);
  if (kind !== 'nclc' && kind !== 'nclx') return null;
  return {
    primaries: colr.readUInt16BE(4),
    transfer: colr.readUInt16BE(6),
    matrix: colr.readUInt16BE(8),
    fullRange: kind === 'nclx' ? colr.readUInt8(10) >= 128 : null,
  };
}

/** QuickTime's boxed metadata entry: `keys` holds one box per local key, in it `keyd` = namespace and name. */
function readMebxKeys(entry: Buffer): string[] {
  const names: string[] = [];
  for (const keys of readBoxes(entry, 8).filter(({ type }) => type === 'keys')) {
    for (const key of readBoxes(entry, keys.data, keys.end)) {
      for (const name of readBoxes(entry, key.data, key.end).filter(({ type }) => type === 'keyd')) {
        names.push(entry.toString('utf8', name.data + 4, name.end));
      }
    }
  }
  return names;
}
