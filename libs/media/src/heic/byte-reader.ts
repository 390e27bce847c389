import { corruptMovie as corrupt } from '../quicktime/structure';

/** Reads big-endian numbers one after another, never beyond `end`. */
export class ByteReader {
  constructor(
    private readonly bytes: Buffer,
    private at: number,
    private readonly end: number,
  ) {}

  get left(): number {
    return this.end - this.at;
  }

  skip(length: number): void {
    if (length > this.left) throw corrupt('a HEIF box is cut off');
    this.at += length;
  }

  /** An unsigned number of 0 (which gives 0), 1, 2, 4 or 8 bytes. */
  uint(size: number): number {
    const from = this.at;
    this.skip(size);
    if (size === 0) return 0;
    if (size < 8) return this.bytes.readUIntBE(from, size);
    const value = this.bytes.readBigUInt64BE(from);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw corrupt(`${value} is no offset`);
    return Number(value);
  }

  take(length: number): Buffer {
    const from = this.at;
    this.skip(length);
    return this.bytes.subarray(from, this.at);
  }

  /** Text up to a zero byte, Latin-1. */
  text(): string {
    const zero = this.bytes.indexOf(0, this.at);
    const stop = zero < 0 || zero > this.end ? this.end : zero;
    const value = this.bytes.toString('latin1', this.at, stop);
    this.at = Math.min(stop + 1, this.end);
    return value;
  }
}
