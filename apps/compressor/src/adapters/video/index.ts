import { Ffmpeg, type FfmpegOptions } from './ffmpeg';
import { MovieTags } from './movie-tags';
import { FfmpegVideoEncoder } from './video.encoder';
import { FfmpegVideoProver } from './video.prover';

export { FfmpegVideoEncoder, FfmpegVideoProver, Ffmpeg, MovieTags };
export type { FfmpegOptions };

/** One job per core, below everything else on the machine, and given up after five minutes without a frame (VIDEO_STALL_SECONDS). */
export const defaultFfmpegOptions: FfmpegOptions = { cores: 1, niceness: 10, stallMs: 5 * 60_000 };
