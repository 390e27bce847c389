import { hash } from 'node:crypto';

const words = 3;

/**
 * A set of names that only grows, made for a million of them: 96 bits of each name's hash in one flat table, about 24 bytes a name at most.
 * Two names that share those bits would be taken for one; among a million names the chance is below 1 in 10^16.
 */
export class SeenNames {
  #table = new Uint32Array(1024 * words);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(name: string): boolean {
    return this.#find(this.#table, fingerprint(name)).taken;
  }

  /** @returns whether it is new */
  add(name: string): boolean {
    const print = fingerprint(name);
    const { slot, taken } = this.#find(this.#table, print);
    if (taken) return false;
    this.#table.set(print, slot);
    this.#size += 1;
    if (this.#size * words * 2 > this.#table.length) this.#grow();
    return true;
  }

  #find(table: Uint32Array, print: Uint32Array): { slot: number; taken: boolean } {
    const slots = table.length / words;
    for (let index = (print[0] ?? 0) % slots; ; index = (index + 1) % slots) {
      const slot = index * words;
      // The first word is never 0 for a name, so 0 there is a free slot.
      if (table[slot] === 0) return { slot, taken: false };
      if (table[slot] === print[0] && table[slot + 1] === print[1] && table[slot + 2] === print[2]) return { slot, taken: true };
    }
  }

  #grow(): void {
    const table = new Uint32Array(this.#table.length * 2);
    for (let slot = 0; slot < this.#table.length; slot += words) {
      if (this.#table[slot] === 0) continue;
      const print = this.#table.subarray(slot, slot + words);
      table.set(print, this.#find(table, print).slot);
    }
    this.#table = table;
  }
}

function fingerprint(name: string): Uint32Array {
  const digest = hash('sha1', name, 'buffer');
  return Uint32Array.of(digest.readUInt32LE(0) | 1, digest.readUInt32LE(4), digest.readUInt32LE(8));
}
