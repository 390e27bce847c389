import { readCodeTables, type CodeTable } from './code-tables';
import { walkPiece, type BlockTables } from './entropy-walk';
import { endOfScan, isStandalone, marker, markerAt, type JpegStructure } from './segments';

/**
 * Walks the entropy-coded data of a sequential JPEG, code by code, and compares what it holds with what the frame promises.
 *
 * libjpeg conceals: a flipped bit makes it read wrong codes until it happens to be in step again, and unless the data runs out before
 * the last block it says nothing. But then the number of blocks no longer fits the data. This finds most damage at a few per cent of the
 * cost of coding the picture anew. Values that changed without changing a code's length are beyond anybody's sight.
 *
 * @returns the first fault in words; null when there is none, and for progressive pictures, which would have to be decoded for it
 */
export function entropyFault(bytes: Buffer, { frame }: JpegStructure): string | null {
  if ((frame.marker !== 0xc0 && frame.marker !== 0xc1) || frame.precision !== 8 || frame.height === 0 || frame.components.length > 4) return null;
  const tables = new Map<number, CodeTable>();
  let restartInterval = 0;
  let at = 2;
  for (;;) {
    const { code, start } = markerAt(bytes, at);
    if (code === marker.eoi) return null;
    if (isStandalone(code)) {
      at = start + 2;
      continue;
    }
    const end = start + 2 + bytes.readUInt16BE(start + 2);
    if (code === 0xc4 && !readCodeTables(bytes.subarray(start + 4, end), tables)) return 'a code table is damaged';
    if (code === marker.dri && end >= start + 6) restartInterval = bytes.readUInt16BE(start + 4);
    at = end;
    if (code !== marker.sos) continue;
    at = endOfScan(bytes, end);
    const scan = scanOf(bytes, start + 4, end, frame, tables);
    if (!scan) return null;
    const fault = walkScan(intervals(bytes, end, at), scan, restartInterval);
    if (fault) return fault;
  }
}

interface Scan {
  /** The blocks of one MCU in order: the tables of each. */
  readonly blocks: readonly BlockTables[];
  readonly units: number;
}

/** Null where tables are missing (left to the decoder's judgement). */
function scanOf(bytes: Buffer, from: number, end: number, frame: JpegStructure['frame'], tables: ReadonlyMap<number, CodeTable>): Scan | null {
  const count = bytes[from] ?? 0;
  // no scan has more than four (T.81 B.2.3), and no decoder takes it
  if (count === 0 || count > 4 || from + 1 + 2 * count > end) return null;
  const widest = Math.max(...frame.components.map(({ horizontal }) => horizontal));
  const highest = Math.max(...frame.components.map(({ vertical }) => vertical));
  const blocks: BlockTables[] = [];
  let units = Math.ceil(frame.width / (8 * widest)) * Math.ceil(frame.height / (8 * highest));
  for (let index = 0; index < count; index++) {
    const component = frame.components.find(({ id }) => id === bytes[from + 1 + 2 * index]);
    const selectors = bytes[from + 2 + 2 * index] ?? 0;
    const [dc, ac] = [tables.get(selectors >> 4), tables.get(0x10 | (selectors & 15))];
    if (!component || !dc || !ac || component.horizontal === 0 || component.vertical === 0) return null;
    // a component alone in its scan is not padded to whole MCUs (T.81 A.2.2)
    if (count === 1) units = Math.ceil(Math.ceil((frame.width * component.horizontal) / widest) / 8) * Math.ceil(Math.ceil((frame.height * component.vertical) / highest) / 8);
    const copies = count === 1 ? 1 : component.horizontal * component.vertical;
    for (let copy = 0; copy < copies; copy++) blocks.push({ dc, ac });
  }
  return { blocks, units };
}

/** Used again for each picture: fresh buffers of its size would have the collector run once per photo. Nothing here waits, so nobody meets. */
let scratch = Buffer.alloc(0);
const largestScratch = 16 * 1024 * 1024;

function scratchOf(length: number): Buffer {
  if (length > largestScratch) return Buffer.alloc(length);
  if (scratch.length < length) scratch = Buffer.alloc(length);
  return scratch;
}

/** The data between restart markers, without its stuffed zeroes. */
function intervals(bytes: Buffer, from: number, end: number): Buffer[] {
  const clean = scratchOf(end - from);
  const pieces: Buffer[] = [];
  let written = 0;
  let pieceStart = 0;
  let at = from;
  while (at < end) {
    const found = bytes.indexOf(0xff, at);
    const stop = found < 0 || found >= end ? end : found;
    written += bytes.copy(clean, written, at, stop);
    if (stop === end) break;
    const next = bytes[stop + 1] ?? 0;
    if (next === 0) clean[written++] = 0xff;
    else if (next !== 0xff) {
      pieces.push(clean.subarray(pieceStart, written));
      pieceStart = written;
    }
    at = stop + (next === 0xff ? 1 : 2);
  }
  pieces.push(clean.subarray(pieceStart, written));
  return pieces;
}

function walkScan(found: readonly Buffer[], { blocks, units }: Scan, restartInterval: number): string | null {
  const perPiece = restartInterval === 0 ? units : restartInterval;
  // some encoders write a restart marker behind the last part, too
  const pieces = found.at(-1)?.length === 0 ? found.slice(0, -1) : found;
  if (pieces.length !== Math.ceil(units / perPiece)) return `the picture data has ${pieces.length} parts instead of ${Math.ceil(units / perPiece)}`;
  for (const [index, piece] of pieces.entries()) {
    const fault = walkPiece(piece, blocks, Math.min(perPiece, units - index * perPiece));
    if (fault) return fault;
  }
  return null;
}
