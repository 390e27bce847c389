import { imageType, type MediaType } from './types';

const tag = { newSubfileType: 0x00fe, compression: 0x0103, photometric: 0x0106, make: 0x010f, subIfds: 0x014a, dngVersion: 0xc612 } as const;
/** Compression and photometric values that only camera RAW uses (Nikon, Sony, Pentax, Samsung, Kodak; CFA). */
const rawCompressions = new Set([32767, 34713, 65000, 65535, 32769, 32770]);
const colourFilterArray = 32803;

const rawByMake: readonly (readonly [RegExp, string])[] = [
  [/^nikon/i, 'nef'], [/^sony/i, 'arw'], [/^pentax|^ricoh/i, 'pef'], [/^samsung/i, 'srw'], [/^olympus|^om digital/i, 'orf'],
  [/^canon/i, 'cr2'], [/^epson/i, 'erf'], [/^hasselblad/i, '3fr'], [/^kodak|^eastman/i, 'dcr'], [/^mamiya|^leaf/i, 'mef'], [/^phase/i, 'iiq'], [/^leica/i, 'rwl'],
];

const raw = (extension: string): MediaType => imageType('raw', `image/x-${extension}`, extension);
const tiff = imageType('tiff', 'image/tiff', 'tif');

/**
 * TIFF and the camera RAW formats built on it. RAW is told from TIFF by magic numbers where it has its own (CR2, ORF, RW2),
 * else by the tags of the first directory: DNGVersion, a colour filter array, a maker's own compression, or a camera maker
 * with a small first picture and sub-directories. A directory beyond `bytes` leaves it a TIFF.
 */
export function sniffTiff(bytes: Buffer): MediaType | null {
  const magic = bytes.toString('latin1', 0, 4);
  if (magic === 'IIU\0') return raw('rw2');
  if (magic === 'IIRO' || magic === 'IIRS' || magic === 'MMOR') return raw('orf');
  if (magic === 'II+\0' || magic === 'MM\0+') return bigTiff(bytes) ? tiff : null;
  if (magic !== 'II*\0' && magic !== 'MM\0*') return null;
  if (bytes.length < 8) return null;
  if (bytes.toString('latin1', 8, 10) === 'CR') return raw('cr2');

  const directory = readFirstDirectory(bytes, magic === 'II*\0');
  if (!directory) return tiff;
  if (directory.numbers.has(tag.dngVersion)) return imageType('dng', 'image/x-adobe-dng', 'dng');
  const isRaw =
    rawCompressions.has(directory.numbers.get(tag.compression) ?? 0) ||
    directory.numbers.get(tag.photometric) === colourFilterArray ||
    (directory.numbers.has(tag.subIfds) && directory.numbers.get(tag.newSubfileType) === 1);
  const maker = rawByMake.find(([pattern]) => pattern.test(directory.make));
  return isRaw && maker ? raw(maker[1]) : tiff;
}

/** Where the first directory of a TIFF lies when it is not within its first bytes; null when it is, or this is no TIFF. */
export function distantTiffDirectory(bytes: Buffer): number | null {
  const magic = bytes.toString('latin1', 0, 4);
  if ((magic !== 'II*\0' && magic !== 'MM\0*') || bytes.length < 8) return null;
  const offset = magic === 'II*\0' ? bytes.readUInt32LE(4) : bytes.readUInt32BE(4);
  return offset + 2 > bytes.length ? offset : null;
}

interface Directory {
  readonly numbers: ReadonlyMap<number, number>;
  readonly make: string;
}

function readFirstDirectory(bytes: Buffer, little: boolean): Directory | null {
  const u16 = (at: number): number => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const u32 = (at: number): number => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const start = u32(4);
  if (start < 8 || start + 2 > bytes.length) return null;
  const numbers = new Map<number, number>();
  let make = '';
  for (let index = 0, count = u16(start); index < count; index++) {
    const at = start + 2 + index * 12;
    if (at + 12 > bytes.length) break;
    const id = u16(at);
    const type = u16(at + 2);
    numbers.set(id, type === 3 ? u16(at + 8) : u32(at + 8));
    if (id === tag.make) {
      const length = u32(at + 4);
      const from = length <= 4 ? at + 8 : u32(at + 8);
      if (length < 256 && from + length <= bytes.length) make = bytes.toString('latin1', from, from + length).replace(/\0.*$/s, '').trim();
    }
  }
  return { numbers, make };
}

/** BigTIFF's header goes on with the size of an offset (8) and a zero. */
function bigTiff(bytes: Buffer): boolean {
  if (bytes.length < 8) return false;
  return bytes[0] === 0x49 ? bytes.readUInt32LE(4) === 8 : bytes.readUInt32BE(4) === 0x00080000;
}
