import { z } from 'zod';

/** One piece of side data of a stream or frame: its kind, and values that depend on it. */
const FrameSideData = z.looseObject({ side_data_type: z.string().default('') });
export type FrameSideData = z.infer<typeof FrameSideData>;

/** Of `ffprobe -show_frames`. */
export const FramesAnswer = z.object({ frames: z.array(z.object({ side_data_list: z.array(FrameSideData).default([]) })).default([]) });

/** One stream as `ffprobe -of json -show_streams` tells it; only what is decided on. */
const Stream = z.object({
  index: z.number(),
  codec_type: z.string().optional(),
  codec_name: z.string().optional(),
  codec_tag_string: z.string().optional(),
  profile: z.string().optional(),
  width: z.number().optional(),
  height: z.number().optional(),
  pix_fmt: z.string().optional(),
  field_order: z.string().optional(),
  color_range: z.string().optional(),
  color_space: z.string().optional(),
  color_transfer: z.string().optional(),
  color_primaries: z.string().optional(),
  sample_aspect_ratio: z.string().optional(),
  start_time: z.string().optional(),
  duration: z.string().optional(),
  channels: z.number().optional(),
  sample_rate: z.string().optional(),
  side_data_list: z.array(FrameSideData).default([]),
  disposition: z.object({ attached_pic: z.number().optional() }).optional(),
});
export type StreamInfo = z.infer<typeof Stream>;

export const ProbeAnswer = z.object({ streams: z.array(Stream).default([]), format: z.object({ duration: z.string().optional() }).default({}) });
export type ProbeAnswer = z.infer<typeof ProbeAnswer>;

/** Tags that a picture's colours hang on, as ffmpeg names them; absent means "not said". */
export interface Colour {
  readonly range: string | undefined;
  readonly primaries: string | undefined;
  readonly transfer: string | undefined;
  readonly matrix: string | undefined;
}

const said = (value: string | undefined): string | undefined => (value === undefined || value === 'unknown' || value === 'unspecified' ? undefined : value);

export const colourOf = (stream: StreamInfo): Colour => ({
  range: said(stream.color_range),
  primaries: said(stream.color_primaries),
  transfer: said(stream.color_transfer),
  matrix: said(stream.color_space),
});

/** The picture itself: the first video stream that is not a cover image. */
export const videoStream = ({ streams }: ProbeAnswer): StreamInfo | undefined =>
  streams.find(({ codec_type: type, disposition }) => type === 'video' && disposition?.attached_pic !== 1);

/** Sound that ffmpeg can decode; it cannot decode all that phones record (Apple's spatial audio). */
export const knownAudio = ({ streams }: ProbeAnswer): StreamInfo[] =>
  streams.filter(({ codec_type: type, codec_name: codec }) => type === 'audio' && codec !== undefined && codec !== 'none' && codec !== 'unknown');
