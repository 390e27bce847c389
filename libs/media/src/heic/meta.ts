import { descend, findBox, readBoxes, requireBox, type Box } from '../isobmff/boxes';
import { corruptMovie as corrupt, parsing } from '../quicktime/structure';
import { ByteReader } from './byte-reader';
import { readItemLocations, type ItemLocation, type ItemLocations } from './item-location';

export interface ItemReference {
  readonly type: string;
  readonly from: number;
  readonly to: readonly number[];
}

export interface HeifItem {
  readonly id: number;
  /** `hvc1`, `grid`, `Exif`, `mime`, `av01` … */
  readonly type: string;
}

/** The `meta` box of a HEIF file (ISO/IEC 23008-12), taken apart. Boxes are offsets within {@link HeifMeta.bytes}. */
export interface HeifMeta {
  /** The payload of `meta`, its four bytes of version and flags included. */
  readonly bytes: Buffer;
  readonly boxes: readonly Box[];
  readonly primary: number;
  readonly items: ReadonlyMap<number, HeifItem>;
  readonly locations: ItemLocations;
  readonly references: readonly ItemReference[];
  /** `ipco`'s boxes; associations count from 1. */
  readonly properties: readonly Box[];
  readonly associations: ReadonlyMap<number, readonly number[]>;
  readonly itemData: Box | undefined;
}

/** Throws MEDIA_CORRUPT for a box that leaves its parent or a table that leaves its box. */
export function parseHeifMeta(bytes: Buffer): HeifMeta {
  return parsing('the HEIF index', () => {
    const boxes = readBoxes(bytes, 4);
    const references = findBox(boxes, 'iref');
    const properties = descend(bytes, boxes, 'iprp', 'ipco');
    const iprp = findBox(boxes, 'iprp');
    return {
      bytes,
      boxes,
      primary: readPrimary(bytes, requireBox(boxes, 'pitm')),
      items: readItems(bytes, requireBox(boxes, 'iinf')),
      locations: readItemLocations(bytes, requireBox(boxes, 'iloc')),
      references: references ? readReferences(bytes, references) : [],
      properties: properties ? readBoxes(bytes, properties.data, properties.end) : [],
      associations: iprp ? readAssociations(bytes, readBoxes(bytes, iprp.data, iprp.end).filter(({ type }) => type === 'ipma')) : new Map<number, number[]>(),
      itemData: findBox(boxes, 'idat'),
    };
  });
}

function readPrimary(bytes: Buffer, box: Box): number {
  const reader = new ByteReader(bytes, box.data, box.end);
  const version = reader.uint(1);
  reader.skip(3);
  return reader.uint(version === 0 ? 2 : 4);
}

function readItems(bytes: Buffer, box: Box): Map<number, HeifItem> {
  const version = new ByteReader(bytes, box.data, box.end).uint(1);
  const items = new Map<number, HeifItem>();
  for (const entry of readBoxes(bytes, box.data + 4 + (version === 0 ? 2 : 4), box.end)) {
    if (entry.type !== 'infe') continue;
    const reader = new ByteReader(bytes, entry.data, entry.end);
    const entryVersion = reader.uint(1);
    reader.skip(3);
    if (entryVersion < 2) continue;
    const id = reader.uint(entryVersion === 2 ? 2 : 4);
    reader.skip(2);
    items.set(id, { id, type: reader.take(4).toString('latin1') });
  }
  return items;
}

function readReferences(bytes: Buffer, box: Box): ItemReference[] {
  const size = new ByteReader(bytes, box.data, box.end).uint(1) === 0 ? 2 : 4;
  return readBoxes(bytes, box.data + 4, box.end).map((entry) => {
    const reader = new ByteReader(bytes, entry.data, entry.end);
    const from = reader.uint(size);
    return { type: entry.type, from, to: Array.from({ length: reader.uint(2) }, () => reader.uint(size)) };
  });
}

function readAssociations(bytes: Buffer, boxes: readonly Box[]): Map<number, number[]> {
  const associations = new Map<number, number[]>();
  for (const box of boxes) {
    const reader = new ByteReader(bytes, box.data, box.end);
    const version = reader.uint(1);
    const wide = (reader.uint(2) * 256 + reader.uint(1)) % 2 === 1;
    for (let left = reader.uint(4); left > 0; left--) {
      const id = reader.uint(version === 0 ? 2 : 4);
      const indices = Array.from({ length: reader.uint(1) }, () => reader.uint(wide ? 2 : 1) & (wide ? 0x7fff : 0x7f));
      associations.set(id, [...(associations.get(id) ?? []), ...indices]);
    }
  }
  return associations;
}

/** The number (from 1) of an item's first property of a type, with its box. */
export function propertyOf(meta: HeifMeta, item: number, type: string): { readonly index: number; readonly box: Box } | null {
  for (const index of meta.associations.get(item) ?? []) {
    const box = meta.properties[index - 1];
    if (box?.type === type) return { index, box };
  }
  return null;
}

/** Width and height that an item's `ispe` property declares. */
export function sizeOf(meta: HeifMeta, item: number): { readonly width: number; readonly height: number } | null {
  const property = propertyOf(meta, item, 'ispe');
  if (!property || property.box.end - property.box.data < 12) return null;
  return { width: meta.bytes.readUInt32BE(property.box.data + 4), height: meta.bytes.readUInt32BE(property.box.data + 8) };
}

/** The bytes of an item that lies in the file or in `idat`. Throws MEDIA_CORRUPT when they are not all there. */
export function itemBytes(file: Buffer, meta: HeifMeta, { id, construction, extents }: ItemLocation): Buffer {
  const idat = meta.itemData;
  const from = construction === 0 ? file : construction === 1 && idat ? meta.bytes.subarray(idat.data, idat.end) : null;
  if (!from) throw corrupt(`item ${id} lies nowhere`);
  // no honest item repeats itself; this one would not fit into memory
  if (extents.reduce((sum, { length }) => sum + (length || from.length), 0) > from.length) throw corrupt(`item ${id} is larger than the file`);
  return Buffer.concat(
    extents.map(({ offset, length }) => {
      // a length of zero means "to the end"
      const end = length === 0 ? from.length : offset + length;
      if (offset > from.length || end > from.length) throw corrupt(`item ${id} is cut off`);
      return from.subarray(offset, end);
    }),
  );
}
