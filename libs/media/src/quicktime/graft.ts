import { open } from 'node:fs/promises';
import { boxBytes, boxHeader, type Box } from '../isobmff/boxes';
import { serializeAtom, type Atom, type Container } from './atom';
import { copyPieces, needsWideOffsets, withOffsets, writeAll, type Piece } from './copy';
import { hasItemLocations, obstacleIn, onlyVideoTrack } from './graft-conditions';
import { graftVideoTrack } from './graft-video';
import { MovieFile } from './movie-file';
import { chunksInFileOrder, readMovieLayout, sampleOffsets, type MovieLayout, type TrackLayout } from './movie-layout';
import { corruptMovie } from './structure';

/** The new `mdat`: its pieces in order, and where each track's chunks begin, counted from its first byte. */
interface MediaPlan {
  readonly pieces: readonly Piece[];
  readonly chunkStarts: ReadonlyMap<TrackLayout, Float64Array>;
  readonly length: number;
}

const spaceBoxes = new Set(['free', 'skip', 'wide', 'mdat', 'moov']);

export interface Graft {
  /** The original; read only. */
  readonly original: string;
  /** The same frames as one track of `hvc1`, `avc1` or `av01`, in the same kind of container. */
  readonly encoded: string;
  /** Written anew; in the way when it is there already. */
  readonly output: string;
  readonly signal?: AbortSignal;
}

/**
 * Writes the original movie with its video samples swapped for the encoded ones. `moov` keeps every track, key, date, matrix and edit
 * list; samples of all other tracks are copied as they are, interleaved as they were. Memory is bounded by `moov`, not by the file.
 * Throws MEDIA_CORRUPT when the two files do not fit; nothing that was written then counts.
 */
export async function graftMovie({ original, encoded, output, signal }: Graft): Promise<void> {
  await using source = await MovieFile.open(original);
  await using fresh = await MovieFile.open(encoded);
  const { head, pieces, back } = await planGraft(source, fresh);
  const target = await open(output, 'wx');
  try {
    await writeAll(target, head);
    await copyPieces(target, pieces, signal);
    await writeAll(target, back);
  } finally {
    await target.close();
  }
}

export interface GraftPlan {
  /** Bytes before the copied pieces, up to the header of `mdat`. */
  readonly head: readonly Buffer[];
  readonly pieces: readonly Piece[];
  /** Boxes after `mdat`. */
  readonly back: readonly Buffer[];
}

/** The whole new file, without having read a sample. */
export async function planGraft(source: MovieFile, fresh: MovieFile): Promise<GraftPlan> {
  const layout = await readMovieLayout(source);
  const obstacle = obstacleIn(layout);
  if (obstacle) throw corruptMovie(obstacle);
  const freshVideo = onlyVideoTrack(await readMovieLayout(fresh));
  const oldVideo = onlyVideoTrack(layout);
  const media = planMedia(layout, oldVideo, freshVideo, fresh);
  const { trak } = graftVideoTrack(oldVideo, freshVideo);
  const { front, back } = await otherBoxes(source);
  const frontBytes = front.reduce((sum, bytes) => sum + bytes.length, 0);
  const moov = moovBytes(layout, oldVideo, trak, media, frontBytes);
  return { head: [...front, moov, boxHeader('mdat', media.length)], pieces: media.pieces, back };
}

function planMedia(layout: MovieLayout, oldVideo: TrackLayout, freshVideo: TrackLayout, fresh: MovieFile): MediaPlan {
  const offsets = sampleOffsets(freshVideo.table);
  const { chunkOffsets, chunkBytes } = freshVideo.table;
  if (chunkOffsets.some((offset, chunk) => offset + (chunkBytes[chunk] ?? 0) > fresh.size)) throw corruptMovie('encoded samples lie beyond the end of their file');
  const firstSamples = firstSampleOfChunks(oldVideo.table.chunkSamples);
  const pieces: Piece[] = [];
  const chunkStarts = new Map(layout.tracks.map((track) => [track, new Float64Array(track.table.chunkOffsets.length)]));
  let at = 0;
  const add = (from: MovieFile, start: number, length: number): void => {
    at += length;
    const before = pieces.at(-1);
    if (before?.from === from && before.start + before.length === start) pieces[pieces.length - 1] = { from, start: before.start, length: before.length + length };
    else if (length > 0) pieces.push({ from, start, length });
  };
  for (const { track, index, offset, bytes } of chunksInFileOrder(layout)) {
    const starts = chunkStarts.get(track);
    if (starts) starts[index] = at;
    if (track !== oldVideo) {
      add(layout.file, offset, bytes);
      continue;
    }
    const first = firstSamples[index] ?? 0;
    for (let sample = first; sample < first + (track.table.chunkSamples[index] ?? 0); sample++) {
      const { sizes } = freshVideo.table;
      add(fresh, offsets[sample] ?? 0, typeof sizes === 'number' ? sizes : (sizes[sample] ?? 0));
    }
  }
  return { pieces, chunkStarts, length: at };
}

function firstSampleOfChunks(chunkSamples: Uint32Array): Uint32Array {
  const first = new Uint32Array(chunkSamples.length);
  for (let chunk = 1; chunk < first.length; chunk++) first[chunk] = (first[chunk - 1] ?? 0) + (chunkSamples[chunk - 1] ?? 0);
  return first;
}

/** `moov` with all chunk offsets; it lies before `mdat`, so its own length counts and is measured first. */
function moovBytes(layout: MovieLayout, oldVideo: TrackLayout, video: Atom, media: MediaPlan, front: number): Buffer {
  const build = (base: number, wide: boolean): Buffer => {
    const traks = new Map<Atom, Atom>();
    for (const track of layout.tracks) {
      const starts = media.chunkStarts.get(track) ?? new Float64Array();
      traks.set(track.trak, withOffsets(track === oldVideo ? video : track.trak, starts.map((start) => start + base), wide));
    }
    const moov: Container = { ...layout.moov, children: layout.moov.children.map((child) => traks.get(child) ?? child) };
    return serializeAtom(moov);
  };
  const wideLength = build(0, true).length;
  const wide = needsWideOffsets(front + wideLength + media.length);
  const length = wide ? wideLength : build(0, false).length;
  return build(front + length + boxHeader('mdat', media.length).length, wide);
}

/** Every other top-level box, byte for byte; free space is left out. */
async function otherBoxes(source: MovieFile): Promise<{ front: Buffer[]; back: Buffer[] }> {
  const firstData = source.boxes.findIndex(({ type }) => type === 'mdat');
  const front: Buffer[] = [];
  const back: Buffer[] = [];
  for (const [index, box] of source.boxes.entries()) {
    if (!spaceBoxes.has(box.type)) (index < firstData || firstData < 0 ? front : back).push(await wholeBox(source, box));
  }
  return { front, back };
}

const maxOtherBytes = 32 * 1024 * 1024;

async function wholeBox(source: MovieFile, box: Box): Promise<Buffer> {
  if (box.end - box.start > maxOtherBytes) throw corruptMovie(`"${box.type}" has ${box.end - box.start} bytes`);
  const bytes = await source.read(box.start, box.end - box.start);
  const whole = { ...box, start: 0, data: box.data - box.start, end: bytes.length };
  if (box.type === 'meta' && hasItemLocations(bytes.subarray(whole.data))) throw corruptMovie('the file has items with file offsets');
  return boxBytes(bytes, whole);
}
