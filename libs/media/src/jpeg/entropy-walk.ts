import { huffmanWasm } from '../kernels/huffman.wasm';
import { severalBits, type CodeTable } from './code-tables';

/** The tables of one block. */
export interface BlockTables {
  readonly dc: CodeTable;
  readonly ac: CodeTable;
}

/** What kernels/huffman.wat exports. */
interface HuffmanKernel {
  readonly memory: WebAssembly.Memory;
  readonly bit: { value: number };
  readonly block: { value: number };
  readonly units: { value: number };
  readonly over: { value: number };
  readonly walk: (data: number, limit: number, last: number, blocks: number, perUnit: number) => number;
}

const faults = [null, 'the picture data holds a code that does not exist', 'a block of the picture data is too long', 'the picture data ends too early'] as const;

/** Four components of 15 × 15 blocks, three addresses each. */
const blocksBytes = 4 * 15 * 15 * 3 * 4;
const dataAt = 16_384;
const stripBytes = 65_536;
/** A block has 64 codes of 31 bits at most: 248 bytes, and eight are read at a time. */
const slack = 512;
const tablesAt = dataAt + stripBytes + slack;
const singleBytes = 2 * 65_536;
const severalBytes = 2 << severalBits;
/** A scan has no more: four of each class. */
const mostTables = 8;
const page = 65_536;

class Walker {
  private readonly kernel: HuffmanKernel;
  private readonly bytes: Uint8Array;
  private readonly words: Uint32Array;
  /** Where the tables lie that were copied in; a camera's are the same in all its photos. */
  private readonly places = new Map<CodeTable, number>();
  private laidOut: readonly BlockTables[] | null = null;

  constructor() {
    const exported: unknown = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(huffmanWasm, 'base64'))).exports;
    this.kernel = exported as HuffmanKernel;
    const { memory } = this.kernel;
    memory.grow(Math.ceil((tablesAt + mostTables * (singleBytes + severalBytes)) / page) - memory.buffer.byteLength / page);
    this.bytes = new Uint8Array(memory.buffer);
    this.words = new Uint32Array(memory.buffer, 0, blocksBytes / 4);
  }

  /** Walks `units` MCUs; their last byte, or the fault. */
  walk(data: Uint8Array, blocks: readonly BlockTables[], units: number): { readonly fault: string | null; readonly end: number } {
    this.layOut(blocks);
    const { bit, block, units: left, over, walk } = this.kernel;
    [bit.value, block.value, left.value, over.value] = [0, 0, units, 0];
    for (let from = 0; ; ) {
      const length = Math.min(stripBytes, data.length - from);
      const last = from + length === data.length;
      this.bytes.set(data.subarray(from, from + length), dataAt);
      if (last) this.bytes.fill(0, dataAt + length, dataAt + length + slack);
      const fault = faults[walk(dataAt, 8 * (last ? length : length - slack), Number(last), 0, blocks.length)] ?? null;
      if (fault !== null || left.value === 0) return { fault, end: from + ((bit.value + 7) >> 3) };
      // what is not walked yet comes to the front
      from += bit.value >> 3;
      bit.value &= 7;
    }
  }

  private layOut(blocks: readonly BlockTables[]): void {
    if (blocks === this.laidOut) return;
    const tables = [...new Set(blocks.flatMap(({ dc, ac }) => [dc, ac]))];
    const missing = tables.filter((table) => !this.places.has(table));
    if (this.places.size + missing.length > mostTables) this.places.clear();
    const words = blocks.flatMap(({ dc, ac }) => {
      const single = this.placeOf(ac);
      return [this.placeOf(dc), single + singleBytes, single];
    });
    this.words.set(words);
    this.laidOut = blocks;
  }

  private placeOf(table: CodeTable): number {
    const known = this.places.get(table);
    if (known !== undefined) return known;
    const place = tablesAt + this.places.size * (singleBytes + severalBytes);
    new Uint16Array(this.kernel.memory.buffer, place, table.single.length).set(table.single);
    // those of DC have but the one
    if (table.several !== table.single) new Uint16Array(this.kernel.memory.buffer, place + singleBytes, table.several.length).set(table.several);
    this.places.set(table, place);
    return place;
  }
}

let walker: Walker | null = null;

/**
 * Walks `units` MCUs of the given blocks through the data between two restart markers, without its stuffed zeroes: some four million codes
 * for a 12-megapixel photo.
 * @returns the fault in words, or null
 */
export function walkPiece(data: Uint8Array, blocks: readonly BlockTables[], units: number): string | null {
  walker ??= new Walker();
  const { fault, end } = walker.walk(data, blocks, units);
  if (fault !== null) return fault;
  // up to seven bits fill the last byte; some cameras put whole bytes of zeroes or ones behind them
  const rest = data.subarray(end);
  const filling = rest[0] ?? 0;
  return rest.every((value) => value === filling) && (filling === 0 || filling === 0xff) ? null : `${rest.length} bytes of the picture data belong to no block`;
}
