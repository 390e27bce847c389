import { marker, parseJpeg } from './segments';

const tag = { imageWidth: 0x0100, imageHeight: 0x0101, exifDirectory: 0x8769, pixelWidth: 0xa002, pixelHeight: 0xa003 } as const;

/**
 * A copy of a JPEG whose EXIF says the size in pixels that it is given, wherever it said a size before: four or fewer values change in
 * place, nothing moves. For pictures that were made smaller; the EXIF of others is never touched.
 */
export function withExifSize(jpeg: Buffer, size: { readonly width: number; readonly height: number }): Buffer {
  const copy = Buffer.from(jpeg);
  for (const segment of parseJpeg(copy).segments) {
    if (segment.marker !== marker.app1 || copy.toString('latin1', segment.start + 4, segment.start + 10) !== 'Exif\0\0') continue;
    patchTiff(copy.subarray(segment.start + 10, segment.end), size);
  }
  return copy;
}

/** Leaves alone what points out of the block. */
function patchTiff(tiff: Buffer, { width, height }: { readonly width: number; readonly height: number }): void {
  if (tiff.length < 14) return;
  const little = tiff[0] === 0x49;
  const u16 = (at: number): number => (little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const u32 = (at: number): number => (little ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at));
  const write = (at: number, type: number, value: number): void => {
    const size = type === 3 ? 2 : type === 4 ? 4 : 0;
    if (size === 0) return;
    if (little) tiff.writeUIntLE(value, at, size);
    else tiff.writeUIntBE(value, at, size);
  };
  const entries = (start: number): { id: number; type: number; value: number }[] => {
    if (start < 8 || start + 2 > tiff.length) return [];
    return Array.from({ length: u16(start) }, (_, index) => start + 2 + index * 12)
      .filter((at) => at + 12 <= tiff.length)
      .map((at) => ({ id: u16(at), type: u16(at + 2), value: at + 8 }));
  };
  const main = entries(u32(4));
  const nested = main.find(({ id }) => id === tag.exifDirectory);
  for (const { id, type, value } of [...main, ...(nested ? entries(u32(nested.value)) : [])]) {
    if (id === tag.imageWidth || id === tag.pixelWidth) write(value, type, width);
    if (id === tag.imageHeight || id === tag.pixelHeight) write(value, type, height);
  }
}
