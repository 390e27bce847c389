import { createHash } from 'node:crypto';
import { boxBytes, findBox, readBoxes, requireBox, writeBox, type Box } from '../isobmff/boxes';
import { corruptMovie as corrupt } from '../quicktime/structure';
import { Refusal } from '../refusal';
import { parseHevcConfiguration, toAnnexB, type HevcConfiguration } from './hevc';
import { writeItemLocations, type ItemLocation } from './item-location';
import { itemBytes, parseHeifMeta, propertyOf, sizeOf, type HeifMeta } from './meta';

/** A HEIC whose primary picture can be exchanged: the coded pictures ("tiles") that it is made of. */
export interface HeicPlan {
  readonly file: Buffer;
  readonly top: readonly Box[];
  readonly meta: HeifMeta;
  /** Size of the whole picture in pixels, before rotation. */
  readonly width: number;
  readonly height: number;
  /** Item ids, in grid order; one for a picture that is no grid. */
  readonly tiles: readonly number[];
  readonly tileSize: { readonly width: number; readonly height: number };
  /** Number (from 1) of the property that holds the tiles' decoder configuration. */
  readonly configurationIndex: number;
  readonly configuration: HevcConfiguration;
}

const refuse = (why: string): Refusal => new Refusal('UNSUPPORTED_VARIANT', why);
/** Top-level boxes that a still picture has; anything else may point into the file in ways that are not ours to know. */
const known = new Set(['ftyp', 'meta', 'mdat', 'free', 'skip']);

function topLevel(file: Buffer): { top: readonly Box[]; meta: HeifMeta } {
  const top = readBoxes(file);
  const box = requireBox(top, 'meta');
  return { top, meta: parseHeifMeta(file.subarray(box.data, box.end)) };
}

/** Width and height of the primary picture as its index declares them, without decoding. Throws MEDIA_CORRUPT. */
export function heifSize(file: Buffer): { readonly width: number; readonly height: number } {
  const { meta } = topLevel(file);
  const size = sizeOf(meta, meta.primary);
  if (!size) throw corrupt('the HEIF picture has no size');
  return size;
}

/** Takes a HEIC apart, or throws a {@link Refusal} that says why it is left alone; MEDIA_CORRUPT when it makes no sense. */
export function planHeic(file: Buffer): HeicPlan {
  const { top, meta } = topLevel(file);
  if (top.some(({ type }) => type === 'moov')) throw new Refusal('ANIMATED', 'the HEIC holds a sequence of pictures');
  const stranger = top.find(({ type }) => !known.has(type));
  if (stranger) throw refuse(`the HEIC has a "${stranger.type}" box whose meaning is not known`);
  if (top.filter(({ type }) => type === 'meta').length !== 1) throw refuse('the HEIC has several indices');

  const primary = meta.items.get(meta.primary);
  const size = sizeOf(meta, meta.primary);
  if (!primary || !size) throw corrupt('the HEIC has no primary picture with a size');
  const tiles = primary.type === 'hvc1' ? [primary.id] : primary.type === 'grid' ? gridTiles(meta) : null;
  if (!tiles) throw refuse(`the primary picture is a "${primary.type}" item`);

  const [first] = tiles;
  const property = first === undefined ? null : propertyOf(meta, first, 'hvcC');
  const tileSize = first === undefined ? null : sizeOf(meta, first);
  if (!property || !tileSize) throw corrupt('the tiles of the HEIC have no decoder configuration or size');
  for (const tile of tiles) assertAlike(meta, tile, property.index, tileSize);
  for (const [item, indices] of meta.associations) if (!tiles.includes(item) && indices.includes(property.index)) throw refuse('the decoder configuration is shared with another picture of the file');

  const configuration = parseHevcConfiguration(meta.bytes.subarray(property.box.data, property.box.end));
  if (configuration.bitDepth !== 8 || configuration.chromaFormat !== 1) throw refuse(`the HEIC has ${configuration.bitDepth} bits per sample and chroma format ${configuration.chromaFormat}`);
  const total = [...meta.locations.items.values()].reduce((sum, location) => sum + movableBytes(file, meta, location), 0);
  if (total > 2 * file.length) throw refuse('items of the HEIC overlap');
  return { file, top, meta, width: size.width, height: size.height, tiles, tileSize, configurationIndex: property.index, configuration };
}

function gridTiles(meta: HeifMeta): readonly number[] {
  const derived = meta.references.filter(({ type, from }) => type === 'dimg' && from === meta.primary);
  const tiles = derived[0]?.to ?? [];
  if (derived.length !== 1 || tiles.length === 0 || new Set(tiles).size !== tiles.length) throw refuse('the grid of the HEIC repeats a tile or has none');
  return tiles;
}

function assertAlike(meta: HeifMeta, tile: number, configurationIndex: number, tileSize: HeicPlan['tileSize']): void {
  if (meta.items.get(tile)?.type !== 'hvc1') throw refuse('a tile of the HEIC is not HEVC');
  if (propertyOf(meta, tile, 'hvcC')?.index !== configurationIndex) throw refuse('the tiles of the HEIC have several decoder configurations');
  const size = sizeOf(meta, tile);
  if (size?.width !== tileSize.width || size.height !== tileSize.height) throw refuse('the tiles of the HEIC have several sizes');
}

/** The length of an item that can be written elsewhere. */
function movableBytes(file: Buffer, meta: HeifMeta, location: ItemLocation): number {
  if (location.dataReference !== 0 || location.construction > 1) throw refuse('an item of the HEIC lies in another file or item');
  return itemBytes(file, meta, location).length;
}

/** The tiles as one HEVC stream, one picture each, in grid order. */
export function tileStream(plan: HeicPlan): Buffer {
  return Buffer.concat(plan.tiles.map((tile) => toAnnexB(plan.configuration, bytesOfItem(plan.file, plan.meta, tile))));
}

function bytesOfItem(file: Buffer, meta: HeifMeta, item: number): Buffer {
  const location = meta.locations.items.get(item);
  if (!location) throw corrupt(`item ${item} has no location`);
  return itemBytes(file, meta, location);
}

/**
 * The HEIC with other tiles: `samples` (length-prefixed NAL units, in grid order) and their `hvcC` payload. All other items, properties
 * and boxes of the index stay byte for byte; `iloc` is written anew and the data follows in one `mdat`.
 */
export function graftTiles(plan: HeicPlan, samples: readonly Buffer[], configuration: Buffer): Buffer {
  const { file, top, meta, tiles } = plan;
  if (samples.length !== tiles.length) throw new TypeError(`${samples.length} samples for ${tiles.length} tiles`);
  const exchanged = new Map(tiles.map((tile, index) => [tile, samples[index] ?? Buffer.alloc(0)]));
  const inFile = [...meta.locations.items.values()].filter(({ construction }) => construction === 0);
  const payloads = inFile.map((location) => ({ location, bytes: exchanged.get(location.id) ?? itemBytes(file, meta, location) }));

  const others = top.filter(({ type }) => type !== 'mdat');
  const properties = rewriteProperties(plan, configuration);
  const rebuild = (dataStart: number): Buffer[] => others.map((box) => (box.type === 'meta' ? rewriteMeta(plan, properties, locate(plan, payloads, dataStart)) : boxBytes(file, box)));
  // the index has the same length wherever the data begins
  const dataStart = rebuild(0).reduce((sum, { length }) => sum + length, 0) + 8;
  const result = Buffer.concat([...rebuild(dataStart), writeBox('mdat', ...payloads.map(({ bytes }) => bytes))]);
  if (result.length > 0xffff_ffff) throw refuse('the HEIC is larger than 4 GiB');
  return result;
}

function locate({ meta }: HeicPlan, payloads: readonly { readonly location: ItemLocation; readonly bytes: Buffer }[], dataStart: number): ItemLocation[] {
  let offset = dataStart;
  const placed = new Map<number, ItemLocation>();
  for (const { location, bytes } of payloads) {
    placed.set(location.id, { ...location, extents: [{ offset, length: bytes.length }] });
    offset += bytes.length;
  }
  return [...meta.locations.items.values()].map((location) => placed.get(location.id) ?? location);
}

function rewriteProperties({ meta, configurationIndex }: HeicPlan, configuration: Buffer): Buffer {
  const iprp = requireBox(meta.boxes, 'iprp');
  const inside = readBoxes(meta.bytes, iprp.data, iprp.end).map((box) => {
    if (box.type !== 'ipco') return boxBytes(meta.bytes, box);
    return writeBox('ipco', ...meta.properties.map((property, index) => (index === configurationIndex - 1 ? writeBox('hvcC', configuration) : boxBytes(meta.bytes, property))));
  });
  return writeBox('iprp', ...inside);
}

function rewriteMeta({ meta }: HeicPlan, properties: Buffer, locations: readonly ItemLocation[]): Buffer {
  const boxes = meta.boxes.map((box) => {
    if (box.type === 'iloc') return writeItemLocations(meta.locations.version, locations);
    return box.type === 'iprp' ? properties : boxBytes(meta.bytes, box);
  });
  return writeBox('meta', meta.bytes.subarray(0, 4), ...boxes);
}

/**
 * Compares a grafted HEIC with its original by what must be the same: index boxes, properties but the tiles' `hvcC`, the bytes of every
 * item but the tiles. Null when all is, else the first difference in words.
 */
export function heicDifference(original: Buffer, result: Buffer): string | null {
  const before = planHeic(original);
  const after = planHeic(result);
  if (before.width !== after.width || before.height !== after.height || before.tiles.join() !== after.tiles.join()) return 'the primary picture is another one';
  const rest = ({ meta }: HeicPlan): string => digest(meta.boxes.filter(({ type }) => type !== 'iloc' && type !== 'iprp').map((box) => boxBytes(meta.bytes, box)));
  if (rest(before) !== rest(after)) return 'the index differs';
  const properties = ({ meta, configurationIndex }: HeicPlan): string => digest(meta.properties.filter((_, index) => index !== configurationIndex - 1).map((box) => boxBytes(meta.bytes, box)));
  if (properties(before) !== properties(after)) return 'a property differs';
  const associations = ({ meta }: HeicPlan): string => JSON.stringify([...meta.associations]);
  if (associations(before) !== associations(after)) return 'the properties belong to other pictures';
  if (before.meta.locations.items.size !== after.meta.locations.items.size) return 'the number of items differs';
  for (const item of before.meta.locations.items.keys()) {
    if (!before.tiles.includes(item) && !bytesOfItem(original, before.meta, item).equals(bytesOfItem(result, after.meta, item))) return `item ${item} (${before.meta.items.get(item)?.type ?? '?'}) differs`;
  }
  const ftyp = (file: Buffer, { top }: HeicPlan): Buffer => {
    const box = findBox(top, 'ftyp');
    return box ? boxBytes(file, box) : Buffer.alloc(0);
  };
  return ftyp(original, before).equals(ftyp(result, after)) ? null : 'the brand differs';
}

const digest = (parts: readonly Buffer[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex');
};
