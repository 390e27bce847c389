import type { MediaType, MovieDescription } from '@media-pipeline/media';
import type { KeepCode } from '../../keep-code';
import { lostSideData } from './hdr';
import { videoStream, type FrameSideData, type ProbeAnswer, type StreamInfo } from './stream-info';

export interface Kept {
  readonly code: KeepCode;
  readonly reason: string;
}

/** How the new video gets into its file. */
export type Method =
  /** The original file with its video samples swapped: nothing else changes. */
  | 'graft'
  /** A file that ffmpeg writes, with tags copied from the original. */
  | 'remux';

export interface Treatment {
  readonly method: Method;
  /** Why it could not be a graft. */
  readonly obstacle: string | null;
  /** Picture size as coded, when it is to become smaller. */
  readonly size: { readonly width: number; readonly height: number } | null;
}

const treatedCodecs = new Set(['h264', 'hevc']);
const pixelFormats = new Set(['yuv420p', 'yuvj420p', 'yuv420p10le']);
/** PQ and HLG, as ffprobe and as the container call them. */
const hdrTransfers = new Set(['smpte2084', 'arib-std-b67']);
const hdrCodes = new Set([16, 18]);

/** What is passed on untouched before a frame is decoded, because it cannot be treated without loss; null when it can. */
export function keptByPolicy(type: MediaType, movie: MovieDescription, probe: ProbeAnswer): Kept | null {
  if (!isTreatedFormat(type)) return { code: 'UNSUPPORTED_FORMAT', reason: `${type.format} videos are passed on as they are` };
  const pictures = movie.tracks.filter(({ handler }) => handler === 'vide');
  const [track, another] = pictures;
  const stream = videoStream(probe);
  if (!track || !stream) return { code: 'UNSUPPORTED_VARIANT', reason: 'the file has no video track' };
  if (pictures.some(({ dolbyVision }) => dolbyVision)) return { code: 'DOLBY_VISION', reason: 'the video is Dolby Vision, whose metadata no free encoder carries over' };
  if (pictures.some(({ layered }) => layered)) return { code: 'SPATIAL', reason: 'the video has a second view or an alpha layer (spatial video)' };
  if (isHdr(movie, stream) && (stream.pix_fmt !== 'yuv420p10le' || stream.codec_name !== 'hevc')) return { code: 'HDR', reason: `the video is HDR in ${stream.codec_name ?? 'an unknown coding'}, ${stream.pix_fmt ?? 'an unknown pixel format'}` };
  if (pictures.some(({ encrypted }) => encrypted)) return { code: 'UNSUPPORTED_VARIANT', reason: 'the video is encrypted' };
  if (another) return { code: 'UNSUPPORTED_VARIANT', reason: `the file has ${pictures.length} video tracks` };
  return keptByPicture(stream);
}

/** PQ or HLG, or said to be mastered for HDR. */
export const isHdr = (movie: MovieDescription, stream: StreamInfo): boolean =>
  hdrTransfers.has(stream.color_transfer ?? '') || movie.tracks.some(({ handler, masteringMetadata, colour }) => handler === 'vide' && (masteringMetadata || hdrCodes.has(colour?.transfer ?? 0)));

/** What lies in the frames themselves and would be lost; null when all of it is carried over. Dolby Vision need not be named by the container. */
export function keptBySideData(sideData: readonly FrameSideData[]): Kept | null {
  const lost = lostSideData(sideData);
  if (lost === null) return null;
  if (/dolby/i.test(lost)) return { code: 'DOLBY_VISION', reason: 'the video is Dolby Vision, whose metadata no free encoder carries over' };
  if (/stereo/i.test(lost)) return { code: 'SPATIAL', reason: 'the frames hold two views' };
  if (/dynamic|hdr|ambient/i.test(lost)) return { code: 'HDR', reason: `the frames carry "${lost}", which would be lost` };
  return { code: 'METADATA_WOULD_CHANGE', reason: `the frames carry "${lost}", which would be lost` };
}

function keptByPicture(stream: StreamInfo): Kept | null {
  if (!treatedCodecs.has(stream.codec_name ?? '')) return { code: 'UNSUPPORTED_VARIANT', reason: `the video codec is ${stream.codec_name ?? 'unknown'}` };
  if (!pixelFormats.has(stream.pix_fmt ?? '')) return { code: 'UNSUPPORTED_VARIANT', reason: `the pixel format is ${stream.pix_fmt ?? 'unknown'}` };
  if (/^(tt|bb|tb|bt)$/.test(stream.field_order ?? '')) return { code: 'UNSUPPORTED_VARIANT', reason: 'the video is interlaced' };
  return null;
}

export const isTreatedFormat = (type: MediaType): boolean => type.format === 'mov' || type.format === 'mp4';

/**
 * Graft where it is possible, since it keeps every byte but the video's; remux where what is lost by it can be copied or is nothing;
 * else the original is kept.
 * @param obstacle why a graft is not possible (`graftObstacle`) or wanted, or null
 * @param resolution upper bound of the shorter side, or null
 */
export function chooseTreatment(movie: MovieDescription, stream: StreamInfo, obstacle: string | null, resolution: number | null): Treatment | Kept {
  const size = shrunk(stream.width ?? 0, stream.height ?? 0, resolution);
  if (!size && obstacle === null) return { method: 'graft', obstacle: null, size: null };
  const why = obstacle ?? 'the picture is made smaller';
  if (movie.timedMetadata) return { code: 'TIMED_METADATA', reason: `timed metadata (Live Photo and the like) would be lost: ${why}` };
  const foreign = movie.tracks.find(({ handler }) => handler !== 'vide' && handler !== 'soun');
  if (foreign) return { code: 'METADATA_WOULD_CHANGE', reason: `a track of kind "${foreign.handler.trim()}" would be lost: ${why}` };
  if (movie.trailingBytes > 0) return { code: 'METADATA_WOULD_CHANGE', reason: why };
  return { method: 'remux', obstacle: why, size };
}

/** The size with the shorter side at `limit`, both sides even; null when it is not larger already. */
export function shrunk(width: number, height: number, limit: number | null): Treatment['size'] {
  const short = Math.min(width, height);
  if (limit === null || short <= limit || limit < 2) return null;
  const even = (length: number): number => Math.max(2, 2 * Math.round((length * limit) / short / 2));
  return { width: even(width), height: even(height) };
}
