import { boxHeader, readBoxes } from '../isobmff/boxes';
import { corruptMovie } from './structure';

/**
 * One box of `moov` in memory: a container with its children, or a leaf with its bytes. Trees are never changed in place; what is not
 * replaced is written back byte for byte.
 */
export type Atom =
  | { readonly type: string; readonly children: readonly Atom[]; /** Padding after the last child (under 8 bytes). */ readonly padding: Buffer }
  | { readonly type: string; readonly payload: Buffer };
export type Container = Extract<Atom, { children: unknown }>;

/** Only what has to be opened: everything else (`udta`, `meta`, `tref`, `dinf` …) is carried as it is. */
const containers = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl', 'edts']);
const maxDepth = 8;

/** The tree of a `moov` payload. Throws MEDIA_CORRUPT for a box that leaves its parent. */
export function parseMoov(payload: Buffer): Container {
  return containerFrom('moov', payload, 0);
}

function containerFrom(type: string, payload: Buffer, depth: number): Container {
  if (depth > maxDepth) throw corruptMovie('boxes are nested too deep');
  const boxes = readBoxes(payload);
  const children = boxes.map((box): Atom => {
    const inner = payload.subarray(box.data, box.end);
    return containers.has(box.type) ? containerFrom(box.type, inner, depth + 1) : { type: box.type, payload: inner };
  });
  return { type, children, padding: payload.subarray(boxes.at(-1)?.end ?? 0) };
}

/** The bytes of an atom with its header. */
export function serializeAtom(atom: Atom): Buffer {
  const parts = 'payload' in atom ? [atom.payload] : [...atom.children.map(serializeAtom), atom.padding];
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([boxHeader(atom.type, length), ...parts]);
}

export const childrenOf = (atom: Atom | undefined, type: string): readonly Atom[] =>
  atom && 'children' in atom ? atom.children.filter((child) => child.type === type) : [];

/** The first atom at a path of types below `atom`. */
export function findAtom(atom: Atom | undefined, ...path: readonly string[]): Atom | undefined {
  return path.reduce<Atom | undefined>((level, type) => childrenOf(level, type)[0], atom);
}

/** The payload of the leaf at a path, or undefined. */
export function leafAt(atom: Atom | undefined, ...path: readonly string[]): Buffer | undefined {
  const leaf = findAtom(atom, ...path);
  return leaf && 'payload' in leaf ? leaf.payload : undefined;
}

/** The same; throws MEDIA_CORRUPT when it is not there. */
export function requireLeaf(atom: Atom, ...path: readonly string[]): Buffer {
  const payload = leafAt(atom, ...path);
  if (!payload) throw corruptMovie(`"${path.join('/')}" is missing in "${atom.type}"`);
  return payload;
}

/** A container with its children mapped; `undefined` leaves a child out. */
export function mapChildren(container: Container, change: (child: Atom) => Atom | undefined): Container {
  return { ...container, children: container.children.flatMap((child) => change(child) ?? []) };
}
