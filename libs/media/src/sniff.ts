import { sniffEbml } from './sniff-ebml';
import { sniffIsoBmff } from './sniff-isobmff';
import { sniffTiff } from './sniff-tiff';
import { imageType, videoType, type MediaType } from './types';

/** Bytes that {@link sniff} wants to see; fewer are fine when the file is shorter. */
export const sniffLength = 4096;

/**
 * What a file is by its first bytes, or null when it is no photo or video that we know (text, programs, audio, archives).
 * Total: any bytes give an answer, none throws.
 */
export function sniff(head: Uint8Array): MediaType | null {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const ascii = (from: number, to: number): string => bytes.toString('latin1', from, to);
  if (bytes.length < 4) return null;

  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return imageType('jpeg', 'image/jpeg', 'jpg');
  if (ascii(0, 8) === '\x89PNG\r\n\x1a\n') return imageType('png', 'image/png', 'png');
  if (ascii(0, 6) === 'GIF87a' || ascii(0, 6) === 'GIF89a') return imageType('gif', 'image/gif', 'gif');
  if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'WEBP') return imageType('webp', 'image/webp', 'webp');
  if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'AVI ') return videoType('avi', 'video/x-msvideo', 'avi');
  if (ascii(0, 12) === '\0\0\0\x0cJXL \r\n\x87\n' || isBareJxl(bytes)) return imageType('jxl', 'image/jxl', 'jxl');
  if (ascii(0, 15) === 'FUJIFILMCCD-RAW') return imageType('raw', 'image/x-fuji-raf', 'raf');
  if (ascii(6, 14) === 'HEAPCCDR' && /^(II|MM)/.test(ascii(0, 2))) return imageType('raw', 'image/x-canon-crw', 'crw');
  if (ascii(0, 4) === 'FOVb') return imageType('raw', 'image/x-sigma-x3f', 'x3f');
  if (ascii(0, 4) === '\0MRM') return imageType('raw', 'image/x-minolta-mrw', 'mrw');
  if (isBmp(bytes)) return imageType('bmp', 'image/bmp', 'bmp');
  if (ascii(0, 16) === asfHeader) return videoType('wmv', 'video/x-ms-wmv', 'wmv');
  return sniffTiff(bytes) ?? sniffIsoBmff(bytes) ?? sniffEbml(bytes) ?? sniffMpeg(bytes);
}

const asfHeader = Buffer.from('3026b2758e66cf11a6d900aa0062ce6c', 'hex').toString('latin1');

/** A bare JPEG XL codestream has a two-byte signature only; a size header of all ones or zeroes is not one. */
function isBareJxl(bytes: Buffer): boolean {
  return bytes.length >= 12 && bytes[0] === 0xff && bytes[1] === 0x0a && new Set(bytes.subarray(2, 12)).size > 2 && bytes.subarray(2, 64).some((byte) => byte === 0 || byte > 0x7f);
}

/** "BM" also begins many texts: the reserved fields must be zero and the second header's size one that exists. */
function isBmp(bytes: Buffer): boolean {
  if (bytes.length < 26 || bytes.toString('latin1', 0, 2) !== 'BM') return false;
  return bytes.readUInt32LE(6) === 0 && [12, 16, 40, 52, 56, 64, 108, 124].includes(bytes.readUInt32LE(14));
}

function sniffMpeg(bytes: Buffer): MediaType | null {
  const start = bytes.readUInt32BE(0);
  if (start === 0x1ba || start === 0x1b3) return videoType('mpeg', 'video/mpeg', 'mpg');
  // transport stream: packets of 188 bytes (192 with the time code of AVCHD), each beginning with 0x47
  const packets = (offset: number, size: number): boolean => {
    if (bytes.length < offset + 4 * size + 1) return false;
    for (let packet = 0; packet <= 4; packet++) if (bytes[offset + packet * size] !== 0x47) return false;
    return true;
  };
  if (packets(0, 188)) return videoType('mpegts', 'video/mp2t', 'ts');
  if (packets(4, 192)) return videoType('mpegts', 'video/mp2t', 'mts');
  return null;
}
