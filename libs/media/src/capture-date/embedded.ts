import type { FileHandle } from 'node:fs/promises';
import { PipelineError } from '@media-pipeline/contracts';
import { parseHeifMeta, type HeifMeta } from '../heic/meta';
import { readAt } from '../identify';
import type { MediaType } from '../types';

/** A block of EXIF is at most a JPEG segment in most formats; maker notes and previews of RAW stay well below this. */
const maxBlock = 1024 * 1024;
const maxChunks = 4096;

/** What lies inside a container that exifr cannot open: a TIFF block and texts. */
export interface Embedded {
  /** Begins with the TIFF header, or is a JPEG; null when there is none. */
  readonly exif: Buffer | null;
  readonly xmp: string;
  /** PNG's own: `tEXt` "Creation Time", and `tIME` (the last change). */
  readonly creationTime: string | null;
  readonly changedTime: string | null;
}

const nothing: Embedded = { exif: null, xmp: '', creationTime: null, changedTime: null };

/** Reads the metadata blocks of HEIC, AVIF, WebP, PNG, JPEG XL, RAF, RW2 and ORF by their headers alone; null for a format that exifr opens itself. */
export async function readEmbedded(handle: FileHandle, type: MediaType): Promise<Embedded | null> {
  if (type.format === 'png') return fromPng(handle);
  if (type.format === 'webp') return fromWebp(handle);
  if (type.format === 'jxl') return fromJxl(handle);
  if (type.format === 'heic' || type.format === 'avif') return fromHeif(handle);
  if (type.extension === 'raf') return fromRaf(handle);
  if (type.extension === 'rw2' || type.extension === 'orf') return { ...nothing, exif: await asTiff(handle) };
  if (['gif', 'bmp'].includes(type.format)) return nothing;
  return null;
}

async function fromPng(handle: FileHandle): Promise<Embedded> {
  let found = nothing;
  let at = 8;
  for (let count = 0; count < maxChunks; count++) {
    const header = await readAt(handle, at, 8);
    if (header.length < 8) break;
    const length = header.readUInt32BE(0);
    const name = header.toString('latin1', 4, 8);
    if (length <= maxBlock && ['eXIf', 'tEXt', 'iTXt', 'tIME'].includes(name)) {
      const data = await readAt(handle, at + 8, length);
      if (name === 'eXIf') found = { ...found, exif: data };
      else if (name === 'tIME' && data.length >= 7) found = { ...found, changedTime: pngTime(data) };
      else if (data.subarray(0, 14).toString('latin1') === 'Creation Time\0') found = { ...found, creationTime: data.toString('latin1', 14).replace(/^\0+/, '') };
      else if (data.subarray(0, 18).toString('latin1') === 'XML:com.adobe.xmp\0') found = { ...found, xmp: data.toString('utf8', 18) };
    }
    if (name === 'IEND') break;
    at += 12 + length;
  }
  return found;
}

/** `tIME` (PNG specification §11.3.5.1) is UTC. */
function pngTime(data: Buffer): string {
  const pad = (value: number | undefined): string => String(value ?? 0).padStart(2, '0');
  return `${String(data.readUInt16BE(0)).padStart(4, '0')}-${pad(data[2])}-${pad(data[3])}T${pad(data[4])}:${pad(data[5])}:${pad(data[6])}Z`;
}

async function fromWebp(handle: FileHandle): Promise<Embedded> {
  let found = nothing;
  let at = 12;
  for (let count = 0; count < maxChunks; count++) {
    const header = await readAt(handle, at, 8);
    if (header.length < 8) break;
    const name = header.toString('latin1', 0, 4);
    const length = header.readUInt32LE(4);
    if (length <= maxBlock && name === 'EXIF') found = { ...found, exif: withoutExifHeader(await readAt(handle, at + 8, length)) };
    if (length <= maxBlock && name === 'XMP ') found = { ...found, xmp: (await readAt(handle, at + 8, length)).toString('utf8') };
    at += 8 + length + (length % 2);
  }
  return found;
}

/** JPEG XL's container has an `Exif` box: a 32-bit offset, then the TIFF block (ISO/IEC 18181-2). Brotli-compressed ones stay unread. */
async function fromJxl(handle: FileHandle): Promise<Embedded> {
  let found = nothing;
  let at = 0;
  for (let count = 0; count < maxChunks; count++) {
    const header = await readAt(handle, at, 8);
    if (header.length < 8) break;
    const length = header.readUInt32BE(0);
    const name = header.toString('latin1', 4, 8);
    if (length < 8) break;
    if (length <= maxBlock && name === 'Exif') {
      const data = await readAt(handle, at + 8, length - 8);
      if (data.length > 4) found = { ...found, exif: data.subarray(4 + data.readUInt32BE(0)) };
    }
    if (length <= maxBlock && name === 'xml ') found = { ...found, xmp: (await readAt(handle, at + 8, length - 8)).toString('utf8') };
    at += length;
  }
  return found;
}

/** HEIF's index says where its `Exif` item lies: a 32-bit offset to the TIFF header, then the block (ISO/IEC 23008-12 §A.2.1). */
async function fromHeif(handle: FileHandle): Promise<Embedded> {
  let at = 0;
  for (let count = 0; count < maxChunks; count++) {
    const header = await readAt(handle, at, 8);
    if (header.length < 8) break;
    const length = header.readUInt32BE(0);
    if (header.toString('latin1', 4, 8) === 'meta' && length <= 16 * maxBlock) return fromItems(handle, await readAt(handle, at + 8, length - 8));
    if (length < 8) break;
    at += length;
  }
  return nothing;
}

async function fromItems(handle: FileHandle, bytes: Buffer): Promise<Embedded> {
  let meta: HeifMeta;
  try {
    meta = parseHeifMeta(bytes);
  } catch (error) {
    if (error instanceof PipelineError) return nothing;
    throw error;
  }
  let found = nothing;
  for (const { id, type } of meta.items.values()) {
    const extent = meta.locations.items.get(id)?.extents[0];
    const inFile = meta.locations.items.get(id)?.construction === 0;
    if (!extent || !inFile || extent.length < 8 || extent.length > maxBlock) continue;
    if (type === 'Exif') {
      const data = await readAt(handle, extent.offset, extent.length);
      if (data.length > 4) found = { ...found, exif: data.subarray(4 + data.readUInt32BE(0)) };
    } else if (type === 'mime') {
      const text = (await readAt(handle, extent.offset, extent.length)).toString('utf8');
      if (text.includes('xmpmeta')) found = { ...found, xmp: text };
    }
  }
  return found;
}

/** Fuji's RAF points to an ordinary JPEG, EXIF and all, at byte 84 (big-endian offset and length). */
async function fromRaf(handle: FileHandle): Promise<Embedded> {
  const header = await readAt(handle, 84, 8);
  if (header.length < 8) return nothing;
  return { ...nothing, exif: await readAt(handle, header.readUInt32BE(0), Math.min(header.readUInt32BE(4), 256 * 1024)) };
}

/** RW2 and ORF are TIFF but for their magic number. */
async function asTiff(handle: FileHandle): Promise<Buffer> {
  const head = await readAt(handle, 0, maxBlock);
  if (head.length >= 4) head.write(head[0] === 0x49 ? 'II*\0' : 'MM\0*', 0, 'latin1');
  return head;
}

const withoutExifHeader = (block: Buffer): Buffer => (block.toString('latin1', 0, 6) === 'Exif\0\0' ? block.subarray(6) : block);
