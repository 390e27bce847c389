import { childrenOf, findAtom, leafAt, parseMoov, requireLeaf, type Atom } from './atom';
import { MovieFile } from './movie-file';
import { readKeys } from './keys';
import { readSampleDescription, type SampleDescription } from './sample-entry';
import { readSampleTable, sampleCount } from './sample-table';
import { corruptMovie, parsing, tolerating } from './structure';

export interface TrackDescription extends SampleDescription {
  readonly id: number;
  /** `vide`, `soun`, `meta`, `text`, `tmcd` … */
  readonly handler: string;
  readonly enabled: boolean;
  readonly timescale: number;
  /** Seconds, by the media header. */
  readonly duration: number;
  readonly sampleCount: number;
  /** Bytes of all samples; null when the tables contradict each other. */
  readonly sampleBytes: number | null;
  /** The nine numbers of the track's matrix, as stored (a b u c d v x y w). */
  readonly matrix: readonly number[];
  /** Clockwise degrees by which a player turns the picture; null for mirrored or skewed ones. */
  readonly rotation: 0 | 90 | 180 | 270 | null;
  readonly hasEditList: boolean;
  readonly dolbyVision: boolean;
  /** Two views or an alpha layer in one track (spatial video, HEVC with alpha). */
  readonly layered: boolean;
  /** Static HDR metadata in the container: mastering display, content light level. */
  readonly masteringMetadata: boolean;
  readonly encrypted: boolean;
}

export interface MovieDescription {
  readonly bytes: number;
  /** `qt  `, `mp42`; null for a file without `ftyp`. */
  readonly brand: string | null;
  /** Seconds, by the movie header. */
  readonly duration: number;
  readonly fragmented: boolean;
  /** Samples or boxes that lie beyond the end of the file: it was cut off. */
  readonly truncated: boolean;
  readonly trailingBytes: number;
  readonly tracks: readonly TrackDescription[];
  /** Timed metadata (`mebx`): a Live Photo's still-image-time and the like. */
  readonly timedMetadata: boolean;
  readonly stillImageTime: boolean;
  readonly keys: ReadonlyMap<string, string>;
}

const stillImageTimeKey = 'com.apple.quicktime.still-image-time';

/**
 * What a QuickTime or MP4 file says of itself, from `moov` alone; sample data is never read.
 * Throws MEDIA_CORRUPT when there is no `moov` or it cannot be parsed.
 */
export async function describeMovie(path: string): Promise<MovieDescription> {
  await using file = await MovieFile.open(path);
  const payload = await file.moov();
  if (!payload) throw corruptMovie(file.missingBytes > 0 ? 'the file is cut off before its "moov"' : 'there is no "moov": the recording was never finished');
  const moov = parseMoov(payload);
  const mvhd = requireLeaf(moov, 'mvhd');
  const tracks = childrenOf(moov, 'trak').map((trak) => parsing('a track', () => describeTrack(trak)));
  const ftyp = file.boxes.find(({ type }) => type === 'ftyp');
  return {
    bytes: file.size,
    brand: ftyp && ftyp.end - ftyp.data >= 4 ? (await file.read(ftyp.data, 4)).toString('latin1') : null,
    duration: parsing('"mvhd"', () => durationOf(mvhd)),
    fragmented: file.fragmented,
    truncated: file.missingBytes > 0 || childrenOf(moov, 'trak').some((trak) => samplesEnd(trak) > file.size),
    trailingBytes: file.trailingBytes,
    tracks,
    timedMetadata: tracks.some(({ codec }) => codec === 'mebx'),
    stillImageTime: tracks.some(({ metadataKeys }) => metadataKeys.includes(stillImageTimeKey)),
    keys: tolerating(() => readKeys(payload)) ?? new Map(),
  };
}

function describeTrack(trak: Atom): TrackDescription {
  const tkhd = requireLeaf(trak, 'tkhd');
  const mdhd = requireLeaf(trak, 'mdia', 'mdhd');
  const handler = handlerOf(trak);
  const stbl = findAtom(trak, 'mdia', 'minf', 'stbl');
  if (!stbl) throw corruptMovie('a track has no sample table');
  const description = readSampleDescription(requireLeaf(stbl, 'stsd'), handler);
  const has = (...types: string[]): boolean => types.some((type) => description.extensions.includes(type));
  const wide = tkhd.readUInt8(0) === 1;
  const matrix = Array.from({ length: 9 }, (_, i) => tkhd.readInt32BE((wide ? 52 : 40) + 4 * i));
  return {
    ...description,
    id: tkhd.readUInt32BE(wide ? 20 : 12),
    handler,
    enabled: (tkhd.readUInt8(3) & 1) === 1,
    timescale: timescaleOf(mdhd),
    duration: durationOf(mdhd),
    sampleCount: sampleCount(stbl),
    sampleBytes: tolerating(() => readSampleTable(stbl).chunkBytes.reduce((sum, bytes) => sum + bytes, 0)),
    matrix,
    rotation: rotationOf(matrix),
    hasEditList: leafAt(trak, 'edts', 'elst') !== undefined,
    dolbyVision: has('dvcC', 'dvvC', 'dvwC') || /^(dvh1|dvhe|dva1|dvav|dav1)$/.test(description.codec),
    layered: has('vexu', 'hvcE', 'lhvC', 'lvcC', 'auxC') || /^(hvc2|hev2|lhv1|lhe1|mvc1|muxa)$/.test(description.codec),
    masteringMetadata: has('mdcv', 'clli', 'SmDm', 'CoLL', 'amve'),
    encrypted: has('sinf') || description.codec.startsWith('enc') || description.codec.startsWith('drm'),
  };
}

/** Component subtype of the media handler. */
export const handlerOf = (trak: Atom): string => requireLeaf(trak, 'mdia', 'hdlr').subarray(8, 12).toString('latin1');

/** Time scale of an `mvhd` or `mdhd`: ticks in a second. */
export const timescaleOf = (header: Buffer): number => header.readUInt32BE(header.readUInt8(0) === 1 ? 20 : 12);

/** Duration of an `mvhd` or `mdhd` in seconds; all ones means "unknown" and counts as 0. */
function durationOf(header: Buffer): number {
  const wide = header.readUInt8(0) === 1;
  const ticks = wide ? header.readBigUInt64BE(24) : BigInt(header.readUInt32BE(16));
  const unknown = wide ? 0xffff_ffff_ffff_ffffn : 0xffff_ffffn;
  const timescale = timescaleOf(header);
  return ticks === unknown || timescale === 0 ? 0 : Number(ticks) / timescale;
}

/** The matrix is `[a b u; c d v; x y w]` in 16.16 fixed point; a player draws (1,0) as (a,b) and (0,1) as (c,d). */
function rotationOf(matrix: readonly number[]): TrackDescription['rotation'] {
  const [a, b, , c, d] = matrix.map(Math.sign);
  const pattern = [a, b, c, d].join(' ');
  if (pattern === '1 0 0 1') return 0;
  if (pattern === '0 1 -1 0') return 90;
  if (pattern === '-1 0 0 -1') return 180;
  if (pattern === '0 -1 1 0') return 270;
  return null;
}

/** First byte after the last sample of a track; 0 when its tables say nothing that can be trusted. */
function samplesEnd(trak: Atom): number {
  const stbl = findAtom(trak, 'mdia', 'minf', 'stbl');
  const table = stbl && tolerating(() => readSampleTable(stbl));
  if (!table) return 0;
  return table.chunkOffsets.reduce((end, offset, chunk) => Math.max(end, offset + (table.chunkBytes[chunk] ?? 0)), 0);
}
