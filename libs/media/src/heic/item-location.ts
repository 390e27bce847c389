import { corruptMovie as corrupt } from '../quicktime/structure';
import { writeBox, type Box } from '../isobmff/boxes';
import { ByteReader } from './byte-reader';

export interface Extent {
  readonly offset: number;
  readonly length: number;
}

/** Where the bytes of one item lie (ISO/IEC 14496-12 §8.11.3). */
export interface ItemLocation {
  readonly id: number;
  /** 0: offsets in the file; 1: in `idat`; 2: in another item. */
  readonly construction: number;
  readonly dataReference: number;
  readonly extents: readonly Extent[];
}

export interface ItemLocations {
  readonly version: number;
  readonly items: ReadonlyMap<number, ItemLocation>;
}

export function readItemLocations(meta: Buffer, box: Box): ItemLocations {
  const reader = new ByteReader(meta, box.data, box.end);
  const version = reader.uint(1);
  reader.skip(3);
  if (version > 2) throw corrupt(`item locations of version ${version}`);
  const sizes = reader.uint(2);
  const [offsetSize, lengthSize, baseSize] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15];
  const indexSize = version === 0 ? 0 : sizes & 15;
  const count = reader.uint(version < 2 ? 2 : 4);
  const items = new Map<number, ItemLocation>();
  for (let index = 0; index < count; index++) {
    const id = reader.uint(version < 2 ? 2 : 4);
    const construction = version === 0 ? 0 : reader.uint(2) & 15;
    const dataReference = reader.uint(2);
    const base = reader.uint(baseSize);
    const extents: Extent[] = [];
    const extentCount = reader.uint(2);
    // extents of no bytes would let a few bytes stand for millions of them
    if (extentCount > 1 && offsetSize + lengthSize + indexSize === 0) throw corrupt(`item ${id} has ${extentCount} extents without a place`);
    for (let left = extentCount; left > 0; left--) {
      reader.skip(indexSize);
      extents.push({ offset: base + reader.uint(offsetSize), length: reader.uint(lengthSize) });
    }
    if (items.has(id)) throw corrupt(`item ${id} has two locations`);
    items.set(id, { id, construction, dataReference, extents });
  }
  return { version, items };
}

/** Writes `iloc` with 32-bit offsets and lengths and no base; its size depends on the number of items and extents alone. */
export function writeItemLocations(version: number, items: readonly ItemLocation[]): Buffer {
  const wide = version < 2 ? 2 : 4;
  const parts: Buffer[] = [];
  const put = (value: number, size: number): void => {
    const bytes = Buffer.alloc(size);
    bytes.writeUIntBE(value, 0, size);
    parts.push(bytes);
  };
  put(version * 0x1000000, 4);
  put(0x4400, 2);
  put(items.length, wide);
  for (const { id, construction, dataReference, extents } of items) {
    put(id, wide);
    if (version > 0) put(construction, 2);
    put(dataReference, 2);
    put(extents.length, 2);
    for (const { offset, length } of extents) {
      put(offset, 4);
      put(length, 4);
    }
  }
  return writeBox('iloc', ...parts);
}
