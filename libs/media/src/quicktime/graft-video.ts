import { boxBytes, boxPayload, readBoxes, writeBox } from '../isobmff/boxes';
import { leafAt, mapChildren, requireLeaf, type Atom, type Container } from './atom';
import { inside } from './copy';
import { replacedTables } from './graft-conditions';
import type { TrackLayout } from './movie-layout';
import { visualEntryLength, visualExtensions } from './sample-entry';
import { writeSizes } from './sample-table';
import { timescaleOf } from './describe';
import { corruptMovie } from './structure';
import { presentationRanks, readTiming, restamp, shiftEditList, type Restamped } from './timing';

/** Boxes of the original's sample entry that speak of the picture, not of its coding. */
const pictureBoxes = new Set(['colr', 'pasp', 'clap', 'chrm', 'mdcv', 'clli', 'amve', 'cclv', 'fiel']);

/** A video track whose samples are another coding of the same frames. */
export interface GraftedVideo {
  /** The new `trak`; its chunk offsets still have to be set. */
  readonly trak: Atom;
  readonly restamped: Restamped;
}

/**
 * The original's `trak` with the encoded samples' tables: the frames keep their exact presentation times, the track keeps its header,
 * matrix, edit list, language, references and user data.
 * Throws MEDIA_CORRUPT when the two do not hold the same frames.
 */
export function graftVideoTrack(original: TrackLayout, encoded: TrackLayout): GraftedVideo {
  const { count } = original.table;
  if (encoded.table.count !== count) throw corruptMovie(`${encoded.table.count} frames were encoded of ${count}`);
  const old = readTiming(original.stbl, count);
  const fresh = readTiming(encoded.stbl, count);
  const ranks = presentationRanks(fresh.composition);
  if (!ranks) throw corruptMovie('two encoded frames are shown at the same time');
  const times = Float64Array.from(old.composition).sort();
  requireSamePace(times, Float64Array.from(fresh.composition).sort(), timescale(original), timescale(encoded));
  const restamped = restamp(times, old.total, ranks);
  const { sizes } = encoded.table;
  const tables: Atom[] = [
    { type: 'stsd', payload: graftDescription(requireLeaf(original.stbl, 'stsd'), requireLeaf(encoded.stbl, 'stsd')) },
    { type: 'stts', payload: restamped.stts },
    ...(restamped.ctts ? [{ type: 'ctts', payload: restamped.ctts }] : []),
    ...leaf('stss', leafAt(encoded.stbl, 'stss')),
    { type: 'stsz', payload: writeSizes(typeof sizes === 'number' ? new Uint32Array(count).fill(sizes) : sizes) },
  ];
  return { restamped, trak: retimed(withTables(original.trak, tables), original, old.total, restamped) };
}

const leaf = (type: string, payload: Buffer | undefined): Atom[] => (payload ? [{ type, payload }] : []);
const timescale = (track: TrackLayout): number => timescaleOf(requireLeaf(track.trak, 'mdia', 'mdhd'));

/** Encoded frames must follow each other as the originals do: else a frame was dropped and another doubled. */
function requireSamePace(old: Float64Array, fresh: Float64Array, oldScale: number, freshScale: number): void {
  const tolerance = oldScale === freshScale ? 0 : Math.max(1, oldScale / freshScale);
  for (const [i, time] of old.entries()) {
    const passed = (((fresh[i] ?? 0) - (fresh[0] ?? 0)) * oldScale) / freshScale;
    if (Math.abs(passed - (time - (old[0] ?? 0))) > tolerance) throw corruptMovie(`frame ${i} was encoded for another time`);
  }
}

function withTables(trak: Atom, tables: readonly Atom[]): Container {
  return inside(trak, ['mdia', 'minf', 'stbl'], (stbl) => ({
    ...stbl,
    children: [...tables, ...stbl.children.filter(({ type }) => !replacedTables.has(type))],
  }));
}

/** What follows from a shift of the media's times: the edit list, and in rare files the media's duration. */
function retimed(trak: Container, original: TrackLayout, oldTotal: number, { shift, total }: Restamped): Container {
  let result = trak;
  if (total !== oldTotal) result = inside(result, ['mdia'], (mdia) => mapChildren(mdia, (child) => (child.type === 'mdhd' ? withDuration(child, total) : child)));
  if (shift === 0) return result;
  const elst = leafAt(original.trak, 'edts', 'elst');
  if (!elst) return withNewEditList(result, shift);
  const shifted = shiftEditList(elst, shift);
  if (!shifted) throw corruptMovie('the edit list does not fit');
  return inside(result, ['edts'], (edts) => mapChildren(edts, (child) => (child.type === 'elst' ? { type: 'elst', payload: shifted } : child)));
}

function withDuration(mdhd: Atom, total: number): Atom {
  if (!('payload' in mdhd)) throw corruptMovie('"mdhd" holds boxes');
  const payload = Buffer.from(mdhd.payload);
  if (payload.readUInt8(0) === 1) payload.writeBigUInt64BE(BigInt(total), 24);
  else payload.writeUInt32BE(total, 16);
  return { type: 'mdhd', payload };
}

/** One edit of the whole track, from `shift` on: the same as none for the old samples. */
function withNewEditList(trak: Container, shift: number): Container {
  const tkhd = requireLeaf(trak, 'tkhd');
  const wide = tkhd.readUInt8(0) === 1;
  const duration = wide ? tkhd.readBigUInt64BE(28) : BigInt(tkhd.readUInt32BE(20));
  const elst = Buffer.alloc(28);
  elst.writeUInt8(1, 0);
  elst.writeUInt32BE(1, 4);
  elst.writeBigUInt64BE(duration, 8);
  elst.writeBigInt64BE(BigInt(shift), 16);
  elst.writeUInt16BE(1, 24);
  const edts: Atom = { type: 'edts', padding: Buffer.alloc(0), children: [{ type: 'elst', payload: elst }] };
  const after = trak.children.findIndex(({ type }) => type === 'mdia');
  return { ...trak, children: trak.children.toSpliced(after, 0, edts) };
}

/** Codings that may take the place of the original's: the box with their parameter sets, and the name that a player may show (a Pascal string). */
const codings: Readonly<Record<string, { readonly configuration: string; readonly name: string }>> = {
  hvc1: { configuration: 'hvcC', name: '\x04HEVC' },
  avc1: { configuration: 'avcC', name: '\x05H.264' },
  av01: { configuration: 'av1C', name: '\x03AV1' },
};

/** The encoded entry's coding (`hvc1` with `hvcC`) with the original entry's words about the picture. */
function graftDescription(original: Buffer, encoded: Buffer): Buffer {
  const [old, fresh] = [readBoxes(original, 8)[0], readBoxes(encoded, 8)[0]];
  const coding = fresh && codings[fresh.type];
  if (!coding || !old) throw corruptMovie(`the encoded video is "${fresh?.type ?? ''}", which is not grafted`);
  const [oldEntry, freshEntry] = [boxPayload(original, old), boxPayload(encoded, fresh)];
  if (oldEntry.readUInt32BE(24) !== freshEntry.readUInt32BE(24)) throw corruptMovie('the encoded picture has another size');
  const header = Buffer.from(freshEntry.subarray(0, visualEntryLength));
  oldEntry.copy(header, 6, 6, 8); // data reference
  oldEntry.copy(header, 28, 28, 36); // resolution
  header.fill(0, 42, 74).write(coding.name, 42, 'latin1');
  const configuration = visualExtensions(freshEntry).filter(({ type }) => type === coding.configuration).map((box) => boxBytes(freshEntry, box));
  const picture = visualExtensions(oldEntry).filter(({ type }) => pictureBoxes.has(type)).map((box) => boxBytes(oldEntry, box));
  if (configuration.length !== 1) throw corruptMovie(`the encoded video has ${configuration.length} "${coding.configuration}"`);
  const entry = writeBox(fresh.type, header, ...configuration, ...picture);
  const stsd = Buffer.alloc(8);
  stsd.writeUInt32BE(1, 4);
  return Buffer.concat([stsd, entry]);
}

