import { childrenOf, findAtom, parseMoov, type Atom, type Container } from './atom';
import { handlerOf } from './describe';
import type { MovieFile } from './movie-file';
import { readSampleTable, type SampleTable } from './sample-table';
import { corruptMovie, parsing } from './structure';

export interface TrackLayout {
  readonly trak: Atom;
  readonly handler: string;
  readonly stbl: Atom;
  readonly table: SampleTable;
}

/** A movie's `moov` as a tree, with where each track's samples lie. */
export interface MovieLayout {
  readonly file: MovieFile;
  readonly moov: Container;
  readonly tracks: readonly TrackLayout[];
}

/** Throws MEDIA_CORRUPT when there is no `moov` or its tables contradict each other. */
export async function readMovieLayout(file: MovieFile): Promise<MovieLayout> {
  const payload = await file.moov();
  if (!payload) throw corruptMovie('there is no "moov"');
  const moov = parseMoov(payload);
  const tracks = childrenOf(moov, 'trak').map((trak): TrackLayout => {
    const stbl = findAtom(trak, 'mdia', 'minf', 'stbl');
    if (!stbl) throw corruptMovie('a track has no sample table');
    return { trak, stbl, handler: parsing('"hdlr"', () => handlerOf(trak)), table: readSampleTable(stbl) };
  });
  return { file, moov, tracks };
}

export const videoTracks = ({ tracks }: MovieLayout): readonly TrackLayout[] => tracks.filter(({ handler }) => handler === 'vide');

/** One chunk of one track, as it lies in the file. */
export interface Chunk {
  readonly track: TrackLayout;
  readonly index: number;
  readonly offset: number;
  readonly bytes: number;
}

/** All chunks of all tracks in file order: how the recorder interleaved them. */
export function chunksInFileOrder({ tracks }: MovieLayout): Chunk[] {
  const chunks = tracks.flatMap((track) =>
    Array.from(track.table.chunkOffsets, (offset, index): Chunk => ({ track, index, offset, bytes: track.table.chunkBytes[index] ?? 0 })),
  );
  return chunks.sort((a, b) => a.offset - b.offset);
}

/** File offset of every sample of a track whose sizes are listed one by one. */
export function sampleOffsets({ chunkOffsets, chunkSamples, sizes, count }: SampleTable): Float64Array {
  const offsets = new Float64Array(count);
  let sample = 0;
  for (const [chunk, samples] of chunkSamples.entries()) {
    let at = chunkOffsets[chunk] ?? 0;
    for (let i = 0; i < samples; i++, sample++) {
      offsets[sample] = at;
      at += typeof sizes === 'number' ? sizes : (sizes[sample] ?? 0);
    }
  }
  return offsets;
}
