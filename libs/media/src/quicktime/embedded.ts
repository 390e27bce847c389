import { createHash } from 'node:crypto';
import type { EmbeddedPart } from '@media-pipeline/contracts';
import { readSampleDescription } from './sample-entry';
import { requireLeaf } from './atom';
import { MovieFile } from './movie-file';
import { readMovieLayout, type TrackLayout } from './movie-layout';
import { corruptMovie, parsing } from './structure';

/** What a movie holds beside its picture. */
export interface MovieEmbedded {
  /** Every track but those with pictures, by the hash of its samples in their order: sound, timed metadata, time code. */
  readonly parts: readonly EmbeddedPart[];
  /** Boxes of metadata: of the movie, of its tracks, beside `moov`. */
  readonly blocks: number;
}

const metadata = new Set(['udta', 'meta', 'uuid', 'mvhd', 'tkhd']);
const window = 1024 * 1024;

/** Reads every sample of the tracks without pictures. Throws MEDIA_CORRUPT. */
export async function movieEmbedded(path: string): Promise<MovieEmbedded> {
  await using file = await MovieFile.open(path);
  const layout = await readMovieLayout(file);
  const parts: EmbeddedPart[] = [];
  for (const [index, track] of layout.tracks.entries()) {
    if (track.handler === 'vide') continue;
    const { codec } = parsing('"stsd"', () => readSampleDescription(requireLeaf(track.stbl, 'stsd'), track.handler));
    parts.push({ name: `track ${index + 1} (${codec.replace(/[^\x21-\x7e]/g, '?')})`, ...(await samplesOf(file, track)) });
  }
  const inTracks = layout.tracks.flatMap(({ trak }) => ('children' in trak ? trak.children : []));
  const blocks = [...layout.moov.children, ...inTracks, ...file.boxes].filter(({ type }) => metadata.has(type)).length;
  return { parts, blocks };
}

async function samplesOf(file: MovieFile, { table }: TrackLayout): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(window);
  let bytes = 0;
  for (const [chunk, offset] of table.chunkOffsets.entries()) {
    const length = table.chunkBytes[chunk] ?? 0;
    // tables that name the same bytes again and again would be read for ever
    if (offset + length > file.size || bytes + length > file.size) throw corruptMovie('samples lie beyond the end of the file');
    for (let done = 0; done < length; done += window) {
      const part = buffer.subarray(0, Math.min(window, length - done));
      await file.readInto(part, offset + done);
      hash.update(part);
    }
    bytes += length;
  }
  return { bytes, sha256: hash.digest('hex') };
}
