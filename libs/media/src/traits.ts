import { findBox, readBoxes } from './isobmff/boxes';
import { itemBytes, parseHeifMeta } from './heic/meta';
import { isMetadata, parseJpeg } from './jpeg/segments';
import type { MediaFormat } from './types';

/** What is special about a picture beyond its pixels, as far as its metadata says so. */
export const imageTraits = ['screenshot', 'spatial', 'gain_map', 'depth', 'motion_photo', 'burst', 'edited'] as const;
export type ImageTrait = (typeof imageTraits)[number];

/**
 * Texts that cameras write. Sources: Android "Ultra HDR image format" and "Motion Photo format 1.0", ISO 21496-1, "Dynamic depth 1.0"; what
 * iPhones write (auxiliary image types; UserComment of screenshots); Samsung's trailer ("SEFT").
 */
const texts: readonly (readonly [ImageTrait, string])[] = [
  ['gain_map', 'http://ns.adobe.com/hdr-gain-map/1.0/'],
  ['gain_map', 'urn:iso:std:iso:ts:21496:-1'],
  ['gain_map', 'urn:com:apple:photo:2020:aux:hdrgainmap'],
  ['gain_map', 'http://ns.apple.com/HDRGainMap/1.0/'],
  ['depth', 'http://ns.google.com/photos/1.0/depthmap/'],
  ['depth', 'http://ns.google.com/photos/dd/1.0/'],
  ['depth', 'urn:mpeg:hevc:2015:auxid:2'],
  ['depth', 'urn:mpeg:mpegB:cicp:systems:auxiliary:depth'],
  ['motion_photo', 'MotionPhoto="1"'],
  ['motion_photo', 'MicroVideo="1"'],
  ['motion_photo', '<GCamera:MotionPhoto>1'],
  ['motion_photo', 'MotionPhoto_Data'],
  ['burst', 'GCamera:BurstID'],
  ['burst', 'BurstUUID'],
  ['screenshot', 'ASCII\0\0\0Screenshot'],
  ['screenshot', '<exif:UserComment>Screenshot'],
  ['screenshot', 'exif:UserComment="Screenshot"'],
  ['edited', 'PhotoEditor_Re_Edit_Data'],
];

/** Trailers are searched at their end, where a directory of them stands. */
const trailerBytes = 64 * 1024;

/** The traits of a JPEG or HEIC; none for other formats. Never throws: what cannot be parsed has none. */
export function traitsOf(bytes: Buffer, format: MediaFormat): ReadonlySet<ImageTrait> {
  try {
    if (format === 'jpeg') return jpegTraits(bytes);
    if (format === 'heic') return heicTraits(bytes);
  } catch {
    // the codec says what is wrong with it
  }
  return new Set();
}

function search(parts: readonly Buffer[]): Set<ImageTrait> {
  const found = new Set<ImageTrait>();
  for (const part of parts) {
    for (const [trait, text] of texts) if (!found.has(trait) && part.includes(text, 0, 'latin1')) found.add(trait);
    if (appleBurst(part)) found.add('burst');
  }
  return found;
}

function jpegTraits(bytes: Buffer): ReadonlySet<ImageTrait> {
  const { segments, end } = parseJpeg(bytes);
  return search([...segments.filter(isMetadata).map((segment) => bytes.subarray(segment.start, segment.end)), bytes.subarray(Math.max(end, bytes.length - trailerBytes))]);
}

function heicTraits(bytes: Buffer): ReadonlySet<ImageTrait> {
  const box = findBox(readBoxes(bytes), 'meta');
  if (!box) return new Set();
  const meta = parseHeifMeta(bytes.subarray(box.data, box.end));
  const described = [...meta.items.values()].filter(({ type }) => type === 'Exif' || type === 'mime').flatMap(({ id }) => meta.locations.items.get(id) ?? []);
  const found = search([meta.bytes, ...described.map((location) => itemBytes(bytes, meta, location))]);
  // a stereo pair is a group of the two pictures (ISO/IEC 23008-12:2022 amendment 1, "ster")
  const groups = findBox(meta.boxes, 'grpl');
  if (groups && findBox(readBoxes(meta.bytes, groups.data, groups.end), 'ster')) found.add('spatial');
  return found;
}

/** Apple's maker note has the burst's id under tag 0x000b. Its directory begins 14 bytes behind "Apple iOS", big-endian ("MM"). */
function appleBurst(part: Buffer): boolean {
  const note = part.indexOf('Apple iOS\0\0\x01MM', 0, 'latin1');
  if (note < 0 || note + 16 > part.length) return false;
  const count = part.readUInt16BE(note + 14);
  for (let index = 0, at = note + 16; index < count && at + 12 <= part.length; index++, at += 12) if (part.readUInt16BE(at) === 0x000b) return true;
  return false;
}
