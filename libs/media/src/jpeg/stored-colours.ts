import { isMetadata, marker, type JpegStructure } from './segments';

/** Adobe's APP14 with transform 0: the components are what is to be shown. Decoders believe it where no JFIF header says otherwise. */
const untransformed = Buffer.concat([Buffer.from([0xff, marker.app14, 0, 14]), Buffer.from('Adobe'), Buffer.from([0, 100, 0, 0, 0, 0, 0])]);

/**
 * The picture of a YCbCr JPEG as one whose decoder does not turn luma and chroma into red, green and blue: its "RGB" are the samples as they
 * are stored, chroma drawn out to the size of luma. Nothing is rounded or cut off on the way to RGB and back. Metadata is left out.
 */
export function withStoredColours(bytes: Buffer, { segments, scanStart, end }: JpegStructure): Buffer {
  const tables = segments.filter((segment) => !isMetadata(segment)).map((segment) => bytes.subarray(segment.start, segment.end));
  return Buffer.concat([Buffer.from([0xff, marker.soi]), untransformed, ...tables, bytes.subarray(scanStart, end)]);
}
