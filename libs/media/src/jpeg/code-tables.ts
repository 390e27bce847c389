/** Huffman codes of a JPEG, unrolled. */
export interface CodeTable {
  /** By the next 16 bits of the data, one code: its length in bits (low byte), its symbol (high byte); 0 where no code begins like this. */
  readonly single: Uint16Array;
  /**
   * By the next {@link severalBits}, as many whole AC codes with their values as lie in them: their bits (bits 0–4), by how many coefficients they go on (bits 5–11), and whether
   * the last one ends the block ({@link endOfBlock}); 0 where not even one fits.
   */
  readonly several: Uint16Array;
}

export const endOfBlock = 1 << 12;
/** Most codes with their values are shorter; a table by more bits would not stay in the processor's first cache. */
export const severalBits = 13;

/** A camera writes the same tables into all its photos; unrolling them costs some milliseconds. */
const remembered = new Map<string, CodeTable>();
const mostRemembered = 24;

/**
 * Reads the tables of a DHT segment's payload (ITU-T T.81 annex C) into `tables`, by class and number as the segment has them (AC: 0x10 and up).
 * @returns false when they make no sense
 */
export function readCodeTables(payload: Buffer, tables: Map<number, CodeTable>): boolean {
  let at = 0;
  while (at + 17 <= payload.length) {
    const symbols = payload.subarray(at + 1, at + 17).reduce((sum, count) => sum + count, 0);
    const end = at + 17 + symbols;
    if (end > payload.length) return false;
    const key = payload.toString('latin1', at, end);
    const table = remembered.get(key) ?? unroll(payload.subarray(at, end));
    if (!table) return false;
    if (remembered.size >= mostRemembered) remembered.clear();
    remembered.set(key, table);
    tables.set(payload.readUInt8(at), table);
    at = end;
  }
  return true;
}

/** One table: class and number, sixteen counts of codes by length, the symbols. */
function unroll(table: Buffer): CodeTable | null {
  const single = new Uint16Array(65_536);
  let symbol = 17;
  let code = 0;
  for (let length = 1; length <= 16; length++) {
    for (let left = table.readUInt8(length); left > 0; left--) {
      const first = code << (16 - length);
      const span = 1 << (16 - length);
      if (first + span > 65_536) return null;
      single.fill(length | (table.readUInt8(symbol++) << 8), first, first + span);
      code++;
    }
    code <<= 1;
  }
  return { single, several: table.readUInt8(0) >= 0x10 ? combine(single) : single };
}

function combine(single: Uint16Array): Uint16Array {
  const several = new Uint16Array(1 << severalBits);
  for (let window = 0; window < several.length; window++) {
    let bits = 0;
    let coefficients = 0;
    let end = 0;
    while (end === 0 && coefficients < 64) {
      const entry = single[(window << (16 - severalBits + bits)) & 0xffff] as number;
      const length = (entry & 0xff) + ((entry >> 8) & 15);
      if (entry === 0 || bits + length > severalBits) break;
      bits += length;
      if ((entry >> 8) & 15) coefficients += (entry >> 12) + 1;
      else if (entry >> 8 === 0xf0) coefficients += 16;
      else end = endOfBlock;
    }
    several[window] = bits === 0 ? 0 : bits | (coefficients << 5) | end;
  }
  return several;
}
