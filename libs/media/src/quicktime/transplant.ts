import { open } from 'node:fs/promises';
import { boxHeader } from '../isobmff/boxes';
import { childrenOf, mapChildren, parseMoov, requireLeaf, serializeAtom, type Atom, type Container } from './atom';
import { copyPieces, needsWideOffsets, withOffsets, writeAll } from './copy';
import { handlerOf } from './describe';
import { hasItemLocations } from './graft-conditions';
import { MovieFile } from './movie-file';
import { readMovieLayout, type MovieLayout } from './movie-layout';
import { corruptMovie, parsing } from './structure';

export interface Transplant {
  /** Whose metadata it is; read only. */
  readonly original: string;
  /** The movie that gets it, as ffmpeg writes one: a single `mdat`. Read only. */
  readonly movie: string;
  /** Written anew. */
  readonly output: string;
  readonly signal?: AbortSignal;
}

/** What people and phones write into `moov` (and beside it) and nothing else in a movie depends on. */
const metadata = new Set(['udta', 'meta', 'uuid']);

/**
 * Writes `movie` with the original's metadata in place of its own, byte for byte: keys, user data, XMP, the dates of the movie and
 * of each track. ffmpeg writes keys where Apple's software does not look (`moov/udta/meta`), and drops what it does not know.
 * Throws MEDIA_CORRUPT when the metadata holds file offsets.
 */
export async function transplantMetadata({ original, movie, output, signal }: Transplant): Promise<void> {
  await using source = await MovieFile.open(original);
  await using fresh = await MovieFile.open(movie);
  const payload = await source.moov();
  if (!payload) throw corruptMovie('there is no "moov"');
  const layout = await readMovieLayout(fresh);
  const moov = parsing('the metadata', () => withMetadata(parseMoov(payload), layout));
  const front = await topLevel(fresh, 'ftyp');
  const beside = await topLevel(source, 'uuid');
  const mdat = fresh.boxes.find(({ type }) => type === 'mdat');
  if (!mdat || fresh.boxes.filter(({ type }) => type === 'mdat').length !== 1) throw corruptMovie('the new movie has not one "mdat"');
  if (fresh.missingBytes > 0) throw corruptMovie('the new movie is cut off');
  const length = mdat.end - mdat.data;
  const others = [...front, ...beside].reduce((sum, bytes) => sum + bytes.length, 0);
  const build = (base: number, wide: boolean): Buffer => serializeAtom(relocated(moov, layout, base - mdat.data, wide));
  const wide = needsWideOffsets(others + build(mdat.data, true).length + length);
  const moovLength = build(mdat.data, wide).length;
  const bytes = build(others + moovLength + boxHeader('mdat', length).length, wide);
  const target = await open(output, 'wx');
  try {
    await writeAll(target, [...front, bytes, ...beside, boxHeader('mdat', length)]);
    await copyPieces(target, [{ from: fresh, start: mdat.data, length }], signal);
  } finally {
    await target.close();
  }
}

async function topLevel(file: MovieFile, type: string): Promise<Buffer[]> {
  return Promise.all(file.boxes.filter((box) => box.type === type).map((box) => file.read(box.start, box.end - box.start)));
}

function withMetadata(original: Container, { moov, tracks }: MovieLayout): Container {
  const carried = original.children.filter(({ type }) => metadata.has(type));
  if (carried.some((atom) => atom.type === 'meta' && 'payload' in atom && hasItemLocations(atom.payload))) throw corruptMovie('the movie has items with file offsets');
  const counterparts = new Map(tracks.map((track, index) => [track.trak, counterpart(original, tracks, index)]));
  const children = moov.children
    .filter(({ type }) => !metadata.has(type))
    .map((child) => {
      const old = counterparts.get(child);
      if (child.type === 'mvhd') return dated(child, requireLeaf(original, 'mvhd'));
      return old && 'children' in child ? trackWithMetadata(child, old) : child;
    });
  return { ...moov, children: [...children, ...carried] };
}

/** The original's track of the same kind, counted within its kind. */
function counterpart(original: Container, tracks: MovieLayout['tracks'], index: number): Atom | undefined {
  const handler = tracks[index]?.handler;
  const place = tracks.slice(0, index).filter((track) => track.handler === handler).length;
  return childrenOf(original, 'trak').filter((trak) => handlerOf(trak) === handler)[place];
}

function trackWithMetadata(trak: Container, old: Atom): Container {
  const retimed = mapChildren(trak, (child) => {
    if (metadata.has(child.type)) return undefined;
    if (child.type === 'tkhd') return dated(child, requireLeaf(old, 'tkhd'));
    if (child.type !== 'mdia' || !('children' in child)) return child;
    return mapChildren(child, (inner) => (inner.type === 'mdhd' ? dated(inner, requireLeaf(old, 'mdia', 'mdhd')) : inner));
  });
  return { ...retimed, children: [...retimed.children, ...[...metadata].flatMap((type) => childrenOf(old, type))] };
}

/** `mvhd`, `tkhd` and `mdhd` all begin with version, flags, creation time, modification time. */
function dated(atom: Atom, from: Buffer): Atom {
  if (!('payload' in atom)) throw corruptMovie(`"${atom.type}" holds boxes`);
  const payload = Buffer.from(atom.payload);
  const wideFrom = from.readUInt8(0) === 1;
  const wideTo = payload.readUInt8(0) === 1;
  for (const field of [0, 1]) {
    const value = wideFrom ? from.readBigUInt64BE(4 + 8 * field) : BigInt(from.readUInt32BE(4 + 4 * field));
    if (wideTo) payload.writeBigUInt64BE(value, 4 + 8 * field);
    else payload.writeUInt32BE(Number(BigInt.asUintN(32, value)), 4 + 4 * field);
  }
  return { type: atom.type, payload };
}

/** With every chunk `by` bytes later. The trak atoms of `moov` are new, so that tracks are matched by their order. */
function relocated(moov: Container, { tracks }: MovieLayout, by: number, wide: boolean): Container {
  let index = 0;
  return mapChildren(moov, (child) => {
    if (child.type !== 'trak') return child;
    const track = tracks[index++];
    return track ? withOffsets(child, track.table.chunkOffsets.map((offset) => offset + by), wide) : child;
  });
}
