import fc from 'fast-check';
import { PipelineError } from '@media-pipeline/contracts';
import type { Atom } from './atom';
import { presentationRanks, readTiming, restamp, shiftEditList } from './timing';

const table = (stts: Buffer, ctts: Buffer | null): Atom => ({
  type: 'stbl',
  padding: Buffer.alloc(0),
  children: [{ type: 'stts', payload: stts }, ...(ctts ? [{ type: 'ctts', payload: ctts }] : [])],
});

/** Rising times of an arbitrary recording, and an arbitrary order in which an encoder stores its frames. */
const recording = fc
  .record({ start: fc.nat(1000), gaps: fc.array(fc.integer({ min: 1, max: 500 }), { maxLength: 60 }), last: fc.integer({ min: 1, max: 500 }) })
  .chain(({ start, gaps, last }) => {
    const times = [start];
    for (const gap of gaps) times.push((times.at(-1) ?? 0) + gap);
    const total = (times.at(-1) ?? 0) - start + last;
    const indexes = times.map((_, i) => i);
    return fc.record({ times: fc.constant(Float64Array.from(times)), total: fc.constant(total), ranks: fc.shuffledSubarray(indexes, { minLength: indexes.length }) });
  });

it('gives every frame its exact time back, whatever order the encoder stores them in', () => {
  fc.assert(
    fc.property(recording, ({ times, total, ranks }) => {
      const { stts, ctts, shift, total: written } = restamp(times, total, Uint32Array.from(ranks));
      const read = readTiming(table(stts, ctts), times.length);
      expect(written).toBe(total);
      expect(read.total).toBe(total);
      expect([...read.composition]).toEqual(ranks.map((rank) => (times[rank] ?? 0) + shift));
      expect(presentationRanks(read.composition)).toEqual(Uint32Array.from(ranks));
      // positive offsets only: no player then has to know version 1 of `ctts`
      if (ctts) for (let at = 12; at < ctts.length; at += 8) expect(ctts.readInt32BE(at)).toBeGreaterThanOrEqual(0);
    }),
  );
});

it('needs no offsets and no shift where nothing is reordered', () => {
  expect(restamp(Float64Array.of(0, 20, 40, 90), 110, Uint32Array.of(0, 1, 2, 3))).toMatchObject({ ctts: null, shift: 0, total: 110 });
});

it('knows no order of frames that are shown together', () => expect(presentationRanks(Float64Array.of(0, 10, 10))).toBeNull());

it('refuses time tables that do not fit the samples, without building them', () => {
  const stts = Buffer.alloc(16);
  stts.writeUInt32BE(1, 4);
  stts.writeUInt32BE(0xffff_ffff, 8);
  expect(() => readTiming(table(stts, null), 3)).toThrow(PipelineError);
});

describe('shiftEditList', () => {
  const elst = (version: 0 | 1, ...times: number[]): Buffer => {
    const width = version === 1 ? 20 : 12;
    const buffer = Buffer.alloc(8 + width * times.length);
    buffer.writeUInt8(version, 0);
    buffer.writeUInt32BE(times.length, 4);
    times.forEach((time, i) => (version === 1 ? buffer.writeBigInt64BE(BigInt(time), 16 + width * i) : buffer.writeInt32BE(time, 12 + width * i)));
    return buffer;
  };

  it.each([0, 1] as const)('moves media times of version %d and leaves empty edits', (version) => {
    expect(shiftEditList(elst(version, -1, 0, 500), 40)).toEqual(elst(version, -1, 40, 540));
  });
  it('refuses what would not fit', () => expect(shiftEditList(elst(0, 0x7fff_ffff), 1)).toBeNull());
  it('refuses a version that it does not know', () => expect(shiftEditList(Buffer.from('0200000000000000', 'hex'), 0)).toBeNull());
});
