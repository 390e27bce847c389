import { describeMovie } from '@media-pipeline/media';
import type { EncodeJob, Footprint } from '../../encoder.port';
import { isTreatedFormat } from './policy';
import { videoTrack } from './video-source';

/** Two processes of ffmpeg with what they load. */
const baseMemory = 96 * 1024 * 1024;
/** Measured with x265 medium (20 frames ahead): 1080p 220, 2160p 176 bytes a pixel. */
const bytesPerPixel = 220;
/** More frames ahead, more references. */
const presetFactor: Readonly<Record<string, number>> = { slow: 1.2, slower: 1.7, veryslow: 2 };
const deepFactor = 1.6;

/** What an encode takes at most by estimate, from the header alone; null where the header cannot be read (the encoder then says so). */
export async function videoFootprint({ source, type, settings }: EncodeJob): Promise<Footprint | null> {
  const movie = isTreatedFormat(type) ? await describeMovie(source).catch(() => null) : null;
  const track = movie && videoTrack(movie);
  if (!track) return null;
  const factor = (presetFactor[settings.videoPreset] ?? 1) * (track.extensions.includes('hvcC') ? deepFactor : 1);
  // samples, the new coding and the file that it is put into; neither of the latter counts when it is larger than the source
  return { memory: Math.round(baseMemory + track.width * track.height * bytesPerPixel * factor), disk: movie.bytes * 3 };
}
