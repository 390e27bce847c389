import type { FileHandle } from 'node:fs/promises';
import { mapChildren, type Atom, type Container } from './atom';
import type { MovieFile } from './movie-file';
import { writeChunkOffsets } from './sample-table';
import { corruptMovie } from './structure';

/** A run of bytes to copy from a file. */
export interface Piece {
  readonly from: MovieFile;
  readonly start: number;
  readonly length: number;
}

const copyBytes = 4 * 1024 * 1024;

export async function writeAll(target: FileHandle, buffers: readonly Buffer[]): Promise<void> {
  for (const buffer of buffers) {
    let done = 0;
    while (done < buffer.length) done += (await target.write(buffer, done)).bytesWritten;
  }
}

/** Copies through one small buffer; small neighbouring pieces are gathered in it, so that there is about one write per 4 MiB. */
export async function copyPieces(target: FileHandle, pieces: readonly Piece[], signal: AbortSignal | undefined): Promise<void> {
  const buffer = Buffer.allocUnsafe(copyBytes);
  let filled = 0;
  for (const { from, start, length } of pieces) {
    for (let done = 0; done < length; ) {
      if (filled === buffer.length) {
        signal?.throwIfAborted();
        await writeAll(target, [buffer]);
        filled = 0;
      }
      const part = Math.min(length - done, buffer.length - filled);
      await from.readInto(buffer.subarray(filled, filled + part), start + done);
      done += part;
      filled += part;
    }
  }
  signal?.throwIfAborted();
  await writeAll(target, [buffer.subarray(0, filled)]);
}

/** Above this a chunk offset may not fit 32 bits; a little below 4 GiB, since `moov` itself grows with the wider table. */
export const needsWideOffsets = (bytes: number): boolean => bytes > 0xffff_ffff - 64;

/** `trak` with its chunk offset table last in `stbl`, where ISO writers put it. */
export function withOffsets(trak: Atom, offsets: Float64Array, wide: boolean): Atom {
  return inside(trak, ['mdia', 'minf', 'stbl'], (stbl) => ({
    ...stbl,
    children: [...stbl.children.filter(({ type }) => type !== 'stco' && type !== 'co64'), writeChunkOffsets(offsets, wide)],
  }));
}

/** The container with the one at `path` below it replaced. */
export function inside(atom: Atom, path: readonly string[], change: (container: Container) => Container): Container {
  if (!('children' in atom)) throw corruptMovie(`"${atom.type}" holds no boxes`);
  const [next, ...rest] = path;
  if (next === undefined) return change(atom);
  return mapChildren(atom, (child) => (child.type === next ? inside(child, rest, change) : child));
}
