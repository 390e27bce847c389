import { PipelineError } from '@media-pipeline/contracts';
import type { Atom } from './atom';
import { needsWideOffsets } from './copy';
import { sampleOffsets } from './movie-layout';
import { readSampleTable, writeChunkOffsets, writeSizes } from './sample-table';

const words = (...values: number[]): Buffer => {
  const buffer = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => buffer.writeUInt32BE(value, 4 * i));
  return buffer;
};
const stbl = (...children: Atom[]): Atom => ({ type: 'stbl', children, padding: Buffer.alloc(0) });
const leaf = (type: string, payload: Buffer): Atom => ({ type, payload });

it('finds every sample, also beyond 4 GiB', () => {
  const far = 5 * 2 ** 30;
  const table = readSampleTable(stbl(writeChunkOffsets(Float64Array.of(far, far + 1000), true), leaf('stsc', words(0, 2, 1, 2, 1, 2, 1, 1)), leaf('stsz', writeSizes(Uint32Array.of(10, 20, 30)))));
  expect([...table.chunkSamples]).toEqual([2, 1]);
  expect([...table.chunkBytes]).toEqual([30, 30]);
  expect([...sampleOffsets(table)]).toEqual([far, far + 10, far + 1000]);
});

it('writes 32-bit offsets where they fit and 64-bit ones where they do not', () => {
  expect(writeChunkOffsets(Float64Array.of(7), false)).toEqual(leaf('stco', words(0, 1, 7)));
  expect(writeChunkOffsets(Float64Array.of(2 ** 32 + 7), true)).toEqual(leaf('co64', words(0, 1, 1, 7)));
  expect(needsWideOffsets(2 ** 32 - 100)).toBe(false);
  expect(needsWideOffsets(2 ** 32)).toBe(true);
});

it('reads compact sizes', () => {
  const table = readSampleTable(stbl(leaf('stco', words(0, 1, 0)), leaf('stsc', words(0, 1, 1, 3, 1)), leaf('stz2', Buffer.concat([words(0, 4, 3), Buffer.from([0x12, 0x30])]))));
  expect(table.sizes).toEqual(Uint32Array.of(1, 2, 3));
});

it.each([
  ['more samples than it lists', stbl(leaf('stco', words(0, 1, 0)), leaf('stsc', words(0, 1, 1, 1, 1)), leaf('stsz', words(0, 0, 0xffff_ffff)))],
  ['more chunks than it lists', stbl(leaf('stco', words(0, 0xffff_ffff)), leaf('stsc', words(0, 1, 1, 1, 1)), leaf('stsz', words(0, 5, 1)))],
  ['chunks out of order', stbl(leaf('stco', words(0, 2, 0, 9)), leaf('stsc', words(0, 2, 1, 1, 1, 1, 1, 1)), leaf('stsz', words(0, 5, 2)))],
  ['chunks with more than all samples', stbl(leaf('stco', words(0, 1, 0)), leaf('stsc', words(0, 1, 1, 9, 1)), leaf('stsz', words(0, 5, 2)))],
  ['nothing', stbl()],
])('refuses a table that claims %s', (_, table) => expect(() => readSampleTable(table)).toThrow(PipelineError));
