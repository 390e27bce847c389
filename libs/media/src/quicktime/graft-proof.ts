import { boxBytes, boxPayload, readBoxes } from '../isobmff/boxes';
import { serializeAtom, leafAt, type Atom, type Container } from './atom';
import { inside } from './copy';
import { onlyVideoTrack, replacedTables } from './graft-conditions';
import { MovieFile } from './movie-file';
import { readMovieLayout, type MovieLayout, type TrackLayout } from './movie-layout';
import { visualExtensions } from './sample-entry';
import { parsing } from './structure';
import { readTiming } from './timing';

/**
 * Compares a grafted movie with its original by reading both from disk again: null when nothing differs but the coding of the video,
 * else what does. Covers every byte of `moov` outside the sample tables, every sample byte of every other track, the presentation time
 * of every frame and every other top-level box.
 */
export async function graftDifference(original: string, grafted: string): Promise<string | null> {
  await using before = await MovieFile.open(original);
  await using after = await MovieFile.open(grafted);
  const [old, fresh] = [await readMovieLayout(before), await readMovieLayout(after)];
  return (
    parsing('the movie', () => moovDifference(old, fresh) ?? trackDifference(old, fresh) ?? timeDifference(onlyVideoTrack(old), onlyVideoTrack(fresh))) ??
    (await boxDifference(before, after)) ??
    (await sampleDifference(old, fresh))
  );
}

function moovDifference(old: MovieLayout, fresh: MovieLayout): string | null {
  const others = ({ moov }: MovieLayout): Buffer => serializeAtom({ ...moov, children: moov.children.filter(({ type }) => type !== 'trak') });
  if (!others(old).equals(others(fresh))) return 'the movie header or its metadata changed';
  return old.tracks.length === fresh.tracks.length ? null : `${fresh.tracks.length} tracks of ${old.tracks.length} are there`;
}

/** Each `trak` without what has to differ must be the same bytes. */
function trackDifference(old: MovieLayout, fresh: MovieLayout): string | null {
  const video = onlyVideoTrack(old);
  for (const [index, track] of old.tracks.entries()) {
    const strip = track === video ? strippedVideo : strippedOther;
    const counterpart = fresh.tracks[index];
    if (!counterpart || !serializeAtom(strip(track.trak)).equals(serializeAtom(strip(counterpart.trak)))) return `track ${index + 1} changed`;
  }
  return pictureBoxes(video).equals(pictureBoxes(onlyVideoTrack(fresh))) ? null : 'what the track says about its picture changed';
}

const offsetTables = new Set(['stco', 'co64']);
const strippedOther = (trak: Atom): Container => withoutTables(trak, offsetTables);

/** Edit list and media header are compared by what they mean, in {@link timeDifference}. */
function strippedVideo(trak: Atom): Container {
  const bare = withoutTables(trak, replacedTables);
  const media = inside(bare, ['mdia'], (mdia) => ({ ...mdia, children: mdia.children.filter(({ type }) => type !== 'mdhd') }));
  return { ...media, children: media.children.filter(({ type }) => type !== 'edts') };
}

const withoutTables = (trak: Atom, types: ReadonlySet<string>): Container =>
  inside(trak, ['mdia', 'minf', 'stbl'], (stbl) => ({ ...stbl, children: stbl.children.filter(({ type }) => !types.has(type)) }));

const comparedExtensions = ['colr', 'pasp', 'clap', 'chrm', 'mdcv', 'clli', 'amve', 'cclv', 'fiel'];

function pictureBoxes({ stbl }: TrackLayout): Buffer {
  const stsd = leafAt(stbl, 'stsd') ?? Buffer.alloc(8);
  const entry = boxPayload(stsd, readBoxes(stsd, 8)[0] ?? { type: '', start: 0, data: 0, end: 0 });
  const extensions = visualExtensions(entry).filter(({ type }) => comparedExtensions.includes(type));
  return Buffer.concat([entry.subarray(24, 28), ...extensions.map((box) => boxBytes(entry, box))]);
}

/** Frames must be shown when they were: the same times, as far as the edit list moves with them. */
function timeDifference(old: TrackLayout, fresh: TrackLayout): string | null {
  if (old.table.count !== fresh.table.count) return `${fresh.table.count} frames of ${old.table.count} are there`;
  const [before, after] = [readTiming(old.stbl, old.table.count), readTiming(fresh.stbl, fresh.table.count)];
  const [oldTimes, freshTimes] = [Float64Array.from(before.composition).sort(), Float64Array.from(after.composition).sort()];
  const shift = (freshTimes[0] ?? 0) - (oldTimes[0] ?? 0);
  if (oldTimes.some((time, i) => freshTimes[i] !== time + shift)) return 'a frame is shown at another time';
  const [oldEdits, freshEdits] = [edits(old), edits(fresh)];
  const implied = oldEdits.length === 0 && shift !== 0 ? freshEdits.map(() => ({ time: 0, rest: freshEdits[0]?.rest ?? '' })) : oldEdits;
  const moved = implied.map(({ time, rest }) => ({ time: time < 0 ? time : time + shift, rest }));
  const same = moved.every(({ time, rest }, i) => freshEdits[i]?.rest === rest && freshEdits[i].time === time);
  if (moved.length !== freshEdits.length || !same) return 'the edit list means something else';
  const header = ({ trak }: TrackLayout): Buffer | undefined => leafAt(trak, 'mdia', 'mdhd');
  return before.total === after.total && !header(old)?.equals(header(fresh) ?? Buffer.alloc(0)) ? 'the media header changed' : null;
}

function edits({ trak }: TrackLayout): { readonly time: number; readonly rest: string }[] {
  const elst = leafAt(trak, 'edts', 'elst');
  if (!elst) return [];
  const wide = elst.readUInt8(0) === 1;
  return Array.from({ length: elst.readUInt32BE(4) }, (_, i) => {
    const at = 8 + i * (wide ? 20 : 12);
    const time = wide ? Number(elst.readBigInt64BE(at + 8)) : elst.readInt32BE(at + 4);
    const duration = wide ? elst.readBigUInt64BE(at) : BigInt(elst.readUInt32BE(at));
    return { time, rest: `${duration}@${elst.readUInt32BE(at + (wide ? 16 : 8))}` };
  });
}

const spaceBoxes = new Set(['free', 'skip', 'wide', 'mdat', 'moov']);

async function boxDifference(before: MovieFile, after: MovieFile): Promise<string | null> {
  const others = (file: MovieFile): MovieFile['boxes'] => file.boxes.filter(({ type }) => !spaceBoxes.has(type));
  const [old, fresh] = [others(before), others(after)];
  if (old.length !== fresh.length) return 'a box of the file is missing';
  for (const [index, box] of old.entries()) {
    const counterpart = fresh[index];
    if (!counterpart || !(await sameBytes(before, box.start, after, counterpart.start, box.end - box.start))) return `the box "${box.type}" changed`;
  }
  return null;
}

async function sampleDifference(old: MovieLayout, fresh: MovieLayout): Promise<string | null> {
  const video = onlyVideoTrack(old);
  for (const [index, track] of old.tracks.entries()) {
    const counterpart = fresh.tracks[index];
    if (track === video || !counterpart) continue;
    for (const [chunk, offset] of track.table.chunkOffsets.entries()) {
      const bytes = track.table.chunkBytes[chunk] ?? 0;
      if (counterpart.table.chunkBytes[chunk] !== bytes) return `samples of track ${index + 1} changed`;
      if (!(await sameBytes(old.file, offset, fresh.file, counterpart.table.chunkOffsets[chunk] ?? 0, bytes))) return `samples of track ${index + 1} changed`;
    }
  }
  return null;
}

async function sameBytes(a: MovieFile, aStart: number, b: MovieFile, bStart: number, length: number): Promise<boolean> {
  const window = 1024 * 1024;
  if (aStart + length > a.size || bStart + length > b.size) return false;
  for (let done = 0; done < length; done += window) {
    const part = Math.min(window, length - done);
    const [left, right] = await Promise.all([a.read(aStart + done, part), b.read(bStart + done, part)]);
    if (!left.equals(right)) return false;
  }
  return true;
}
