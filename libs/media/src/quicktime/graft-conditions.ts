import { boxPayload, findBox, readBoxes } from '../isobmff/boxes';
import { childrenOf, findAtom, leafAt, requireLeaf } from './atom';
import { metaBoxes } from './keys';
import { chunksInFileOrder, readMovieLayout, videoTracks, type MovieLayout, type TrackLayout } from './movie-layout';
import { MovieFile } from './movie-file';
import { readSampleDescription } from './sample-entry';
import { corruptMovie, parsing, tolerating } from './structure';
import { presentationRanks, readTiming, shiftEditList } from './timing';

/** Boxes whose meaning does not hang on where the file's bytes lie. Others (fragments, indexes, dashcam GPS tables) hold offsets. */
const topLevel = new Set(['ftyp', 'moov', 'mdat', 'free', 'skip', 'wide', 'uuid', 'udta', 'meta']);
const inMoov = new Set(['mvhd', 'trak', 'udta', 'meta', 'iods', 'uuid', 'free', 'skip', 'ctab', 'clip']);
/** What describes the old samples and is written anew or has no meaning for the new ones. */
export const replacedTables = new Set([
  ...['stsd', 'stts', 'ctts', 'cslg', 'stss', 'stps', 'sdtp', 'stsz', 'stz2', 'stco', 'co64'],
  ...['sgpd', 'sbgp', 'csgp', 'padb', 'stdp', 'stsh', 'subs'],
]);
const keptTables = new Set(['stsc', 'free', 'skip']);

/**
 * Why the video of this movie cannot be swapped for another coding of the same frames with everything else left as it is,
 * or null when it can. Reads `moov` only. A movie that contradicts itself is refused, not thrown.
 */
export async function graftObstacle(path: string): Promise<string | null> {
  await using file = await MovieFile.open(path);
  if (file.fragmented) return 'the movie is fragmented';
  try {
    return obstacleIn(await readMovieLayout(file));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MEDIA_CORRUPT') return error.message;
    throw error;
  }
}

/** The same for a layout that is already read. */
export function obstacleIn(layout: MovieLayout): string | null {
  return parsing('the movie', () => fileObstacle(layout) ?? moovObstacle(layout) ?? dataObstacle(layout) ?? videoObstacle(layout));
}

function fileObstacle({ file }: MovieLayout): string | null {
  if (file.missingBytes > 0) return 'the file is cut off';
  if (file.trailingBytes > 0) return `${file.trailingBytes} bytes after the last box have a meaning that is not known`;
  const foreign = file.boxes.find(({ type }) => !topLevel.has(type));
  if (foreign) return `the box "${foreign.type}" may point to places in the file`;
  return file.boxes.filter(({ type }) => type === 'moov').length === 1 ? null : 'there is more than one "moov"';
}

function moovObstacle({ moov }: MovieLayout): string | null {
  const foreign = moov.children.find(({ type }) => !inMoov.has(type));
  if (foreign) return `the box "moov/${foreign.type}" may point to places in the file`;
  const located = childrenOf(moov, 'meta').some((meta) => 'payload' in meta && hasItemLocations(meta.payload));
  return located ? 'the movie has items with file offsets' : null;
}

/** Whether a `meta` payload has an `iloc`, whose offsets count from the start of the file. */
export const hasItemLocations = (meta: Buffer): boolean => tolerating(() => (findBox(metaBoxes(meta), 'iloc') ? true : null)) ?? false;

function dataObstacle(layout: MovieLayout): string | null {
  const mdats = layout.file.boxes.filter(({ type }) => type === 'mdat');
  let end = 0;
  let current = 0; // chunks and boxes both come in file order
  for (const { offset, bytes } of chunksInFileOrder(layout)) {
    if (bytes === 0) continue;
    if (offset < end) return 'tracks share their samples';
    end = offset + bytes;
    while (current < mdats.length && (mdats[current]?.end ?? 0) <= offset) current++;
    const mdat = mdats[current];
    if (!mdat || offset < mdat.data || end > mdat.end) return 'samples lie outside of "mdat"';
  }
  return layout.tracks.map((track) => trackObstacle(track)).find((obstacle) => obstacle !== null) ?? null;
}

function trackObstacle({ trak, handler, stbl, table }: TrackLayout): string | null {
  if (leafAt(stbl, 'saio') ?? leafAt(stbl, 'senc')) return 'a track is encrypted';
  const references = leafAt(trak, 'mdia', 'minf', 'dinf');
  if (references && !selfContained(references)) return 'a track takes its samples from another file';
  if (handler === 'soun' && typeof table.sizes === 'number' && table.count > 0 && table.sizes !== bytesPerFrame(requireLeaf(stbl, 'stsd'))) {
    return 'the sound track counts its bytes in a way that is not known';
  }
  return null;
}

/** Each entry of `dref` has flag 1 when its samples are in the same file. */
function selfContained(dinf: Buffer): boolean {
  const dref = findBox(readBoxes(dinf), 'dref');
  if (!dref) return true;
  return readBoxes(dinf, dref.data + 8, dref.end).every((entry) => (dinf.readUInt32BE(entry.data) & 1) === 1);
}

/** Old QuickTime files say "1" in `stsz` for sound of any width: the truth is in the sound description (QTFF, versions 0 to 2). */
function bytesPerFrame(stsd: Buffer): number | null {
  const entry = readBoxes(stsd, 8)[0];
  if (!entry) return null;
  const sound = boxPayload(stsd, entry);
  const version = sound.readUInt16BE(8);
  if (version === 0) return (sound.readUInt16BE(16) * sound.readUInt16BE(18)) / 8;
  if (version === 1) return sound.readUInt32BE(28) === 1 ? sound.readUInt32BE(36) : null;
  return sound.readUInt32BE(60) === 1 ? sound.readUInt32BE(56) : null;
}

function videoObstacle(layout: MovieLayout): string | null {
  const [video, another] = videoTracks(layout);
  if (!video) return 'there is no video track';
  if (another) return 'there are several video tracks';
  const { stbl, table, trak } = video;
  if (table.count === 0) return 'the video track is empty';
  if (typeof table.sizes === 'number') return 'all video samples have one size';
  if (!table.oneDescription || readSampleDescription(requireLeaf(stbl, 'stsd'), 'vide').entries !== 1) return 'the video changes its description on the way';
  const foreign = 'children' in stbl ? stbl.children.find(({ type }) => !replacedTables.has(type) && !keptTables.has(type)) : undefined;
  if (foreign) return `the video track has a table "${foreign.type}"`;
  const elst = leafAt(trak, 'edts', 'elst');
  if (findAtom(trak, 'edts') && !elst) return 'the edit list is empty';
  if (elst && !shiftEditList(elst, 0)) return 'the edit list is not understood';
  const { composition } = readTiming(stbl, table.count);
  if (!presentationRanks(composition)) return 'two frames are shown at the same time';
  if (!elst && composition.some((time) => time < 0)) return 'frames lie before the start';
  return null;
}

/** The video track of a layout for which {@link obstacleIn} found nothing. */
export function onlyVideoTrack(layout: MovieLayout): TrackLayout {
  const [video, another] = videoTracks(layout);
  if (!video || another) throw corruptMovie(video ? 'there are several video tracks' : 'there is no video track');
  return video;
}
