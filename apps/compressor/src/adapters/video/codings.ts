import type { CompressionSettings } from '../../encoder.port';
import type { SearchSpace } from '../image/quality-search';
import { hdrParameters, type Hdr } from './hdr';
import { colourOf, type StreamInfo } from './stream-info';

export type VideoEncoderName = CompressionSettings['videoEncoder'];

/** What an encoder is told beside the picture's colours. */
export interface Strength {
  readonly crf: number;
  readonly preset: string;
  readonly cores: number;
}

/** One encoder of ffmpeg as it is used here. `crf` stands for each one's own measure of constant quality. */
export interface Coding {
  readonly name: VideoEncoderName;
  /** As ffmpeg calls it. */
  readonly library: string;
  /** What comes out, as ffprobe calls it, and under which four characters. */
  readonly codec: 'hevc' | 'h264' | 'av1';
  readonly tag: 'hvc1' | 'avc1' | 'av01';
  /** Needs a device: believed only after a tiny encode. */
  readonly hardware: boolean;
  readonly pixelFormats: ReadonlySet<string>;
  /** Takes mastering display and content light level. */
  readonly hdr: boolean;
  /** Where the search for a strength may go. */
  readonly space: SearchSpace;
  /** Before the input: the device. */
  readonly device: readonly string[];
  /** Last in the chain of filters: onto the device; null where it reads memory. */
  readonly upload: string | null;
  options(strength: Strength, hdr: Hdr | null): readonly string[];
}

const eightBit = new Set(['yuv420p']);
const presets = ['ultrafast', 'superfast', 'veryfast', 'faster', 'fast', 'medium', 'slow', 'slower', 'veryslow'];
/** The same place on another scale; both run from the fastest to the slowest. */
const scaled = (preset: string, scale: readonly string[]): string => scale[Math.round((Math.max(0, presets.indexOf(preset)) / (presets.length - 1)) * (scale.length - 1))] ?? '';
const svtPresets = ['12', '11', '10', '9', '8', '7', '5', '4', '3'];
const nvencPresets = ['p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7'];
const qsvPresets = presets.slice(2);
const space = (least: number, most: number, start: number, slope: number, step = 1): SearchSpace => ({ least, most, start, direction: -1, slope, step });

/**
 * What x265 is told beyond its preset, where the preset leaves it out: measured to save at equal SSIM, VIF and PSNR for little time
 * (docs/COMPRESSION.md). Presets that the user chose for their speed stay what they are, and so do psychovisual settings, quantization
 * by area and filters: what they are for these measures do not see.
 */
const x265Tools: Readonly<Record<string, readonly string[]>> = {
  medium: ['me=umh', 'max-merge=5', 'tu-inter-depth=2', 'tu-intra-depth=2', 'limit-tu=4'],
  slow: ['max-merge=5', 'tu-inter-depth=2', 'tu-intra-depth=2', 'limit-tu=4'],
  slower: ['max-merge=5'],
};
/** Wavefronts let several threads work on one frame, and cost 1 to 3 % of the bytes; a job that has one core has no use for them. */
const wavefronts = (cores: number): readonly string[] => (cores === 1 ? ['wpp=0'] : []);

const x265: Coding = {
  name: 'x265',
  library: 'libx265',
  codec: 'hevc',
  tag: 'hvc1',
  hardware: false,
  pixelFormats: new Set(['yuv420p', 'yuvj420p', 'yuv420p10le']),
  hdr: true,
  space: space(14, 42, 26, -0.085, 0.25),
  device: [],
  upload: null,
  options: ({ crf, preset, cores }, hdr) => {
    const threads = [`pools=${cores}`, `frame-threads=${Math.min(cores, 3)}`, ...wavefronts(cores)];
    const parameters = ['log-level=error', ...threads, 'open-gop=0', ...(x265Tools[preset] ?? []), ...(hdr ? hdrParameters(hdr) : [])];
    return ['-preset', preset, '-crf', String(crf), '-x265-params', parameters.join(':')];
  },
};

/** By the names of VIDEO_ENCODER. x265 is what every other falls back to. */
export const codings: Readonly<Record<VideoEncoderName, Coding>> = {
  x265,
  x264: { ...x265, name: 'x264', library: 'libx264', codec: 'h264', tag: 'avc1', pixelFormats: new Set(['yuv420p', 'yuvj420p']), hdr: false, space: space(12, 38, 23, -0.1, 0.25), options: ({ crf, preset }) => ['-preset', preset, '-crf', String(crf)] },
  'svt-av1': {
    ...{ ...x265, name: 'svt-av1', library: 'libsvtav1', codec: 'av1', tag: 'av01', pixelFormats: new Set(['yuv420p', 'yuv420p10le']), hdr: false, space: space(14, 58, 34, -0.05) },
    options: ({ crf, preset, cores }) => ['-preset', scaled(preset, svtPresets), '-crf', String(crf), '-g', '250', '-svtav1-params', `lp=${cores}`],
  },
  nvenc: { ...x265, name: 'nvenc', library: 'hevc_nvenc', hardware: true, pixelFormats: eightBit, hdr: false, space: space(14, 44, 28, -0.085), options: ({ crf, preset }) => ['-preset', scaled(preset, nvencPresets), '-rc', 'vbr', '-cq', String(crf), '-b:v', '0'] },
  vaapi: {
    ...{ ...x265, name: 'vaapi', library: 'hevc_vaapi', hardware: true, pixelFormats: eightBit, hdr: false, space: space(14, 44, 26, -0.085) },
    device: ['-vaapi_device', '/dev/dri/renderD128'],
    upload: 'format=nv12,hwupload',
    options: ({ crf }) => ['-rc_mode', 'CQP', '-qp', String(crf)],
  },
  qsv: { ...x265, name: 'qsv', library: 'hevc_qsv', hardware: true, pixelFormats: eightBit, hdr: false, space: space(14, 44, 26, -0.085), options: ({ crf, preset }) => ['-preset', scaled(preset, qsvPresets), '-global_quality', String(crf)] },
};

/** What a result may be, whichever encoder made it in the end. */
export const acceptedCodings = (wanted: VideoEncoderName): readonly Coding[] => (wanted === 'x265' ? [x265] : [codings[wanted], x265]);

/** Why this video is not for that encoder, whatever the machine; null when it is. */
export function unsuitable(coding: Coding, stream: StreamInfo, hdr: Hdr | null, format: 'mov' | 'mp4'): string | null {
  if (!coding.pixelFormats.has(stream.pix_fmt ?? '')) return `${coding.name} is not used for ${stream.pix_fmt ?? 'an unknown pixel format'}`;
  if (hdr && !coding.hdr) return `${coding.name} is not used for HDR`;
  if (coding.codec === 'av1' && format === 'mov') return 'QuickTime files hold no AV1';
  return null;
}

/** What any encode is told of the picture: pixel format and colours as they are. Devices want other layouts of the same 4:2:0, which ffmpeg finds out. */
export function pictureOptions(coding: Coding, stream: StreamInfo, cores: number): string[] {
  const { range, primaries, transfer, matrix } = colourOf(stream);
  const optional = (option: string, value: string | undefined): string[] => (value === undefined ? [] : [option, value]);
  return [
    ...(coding.hardware ? [] : ['-pix_fmt', stream.pix_fmt ?? 'yuv420p']),
    ...['-threads', String(cores)],
    ...optional('-color_range', range),
    ...optional('-color_primaries', primaries),
    ...optional('-color_trc', transfer),
    ...optional('-colorspace', matrix),
  ];
}
