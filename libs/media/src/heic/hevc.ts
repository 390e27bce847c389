import { corruptMovie as corrupt, parsing } from '../quicktime/structure';
import { ByteReader } from './byte-reader';

/** What an `hvcC` box says (ISO/IEC 14496-15 §8.3.2.1). */
export interface HevcConfiguration {
  readonly bytes: Buffer;
  /** 1: 4:2:0 */
  readonly chromaFormat: number;
  readonly bitDepth: number;
  /** Bytes of the length before each NAL unit. */
  readonly lengthSize: number;
  readonly parameterSets: readonly Buffer[];
}

const startCode = Buffer.from([0, 0, 0, 1]);

export function parseHevcConfiguration(bytes: Buffer): HevcConfiguration {
  return parsing('"hvcC"', () => {
    const reader = new ByteReader(bytes, 22, bytes.length);
    const parameterSets: Buffer[] = [];
    for (let arrays = reader.uint(1); arrays > 0; arrays--) {
      reader.skip(1);
      for (let units = reader.uint(2); units > 0; units--) parameterSets.push(reader.take(reader.uint(2)));
    }
    return { bytes, chromaFormat: bytes.readUInt8(16) & 3, bitDepth: (bytes.readUInt8(17) & 7) + 8, lengthSize: (bytes.readUInt8(21) & 3) + 1, parameterSets };
  });
}

/** The sample's NAL units behind start codes (ITU-T H.265 annex B), its parameter sets first: what decoders read as a stream. */
export function toAnnexB(configuration: HevcConfiguration, sample: Buffer): Buffer {
  const parts = configuration.parameterSets.flatMap((set) => [startCode, set]);
  let at = 0;
  while (at < sample.length) {
    if (at + configuration.lengthSize > sample.length) throw corrupt('a HEVC picture is cut off');
    const length = sample.readUIntBE(at, configuration.lengthSize);
    at += configuration.lengthSize;
    if (length === 0 || at + length > sample.length) throw corrupt('a HEVC picture is cut off');
    parts.push(startCode, sample.subarray(at, at + length));
    at += length;
  }
  return Buffer.concat(parts);
}
