import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { PipelineError } from '@media-pipeline/contracts';
import fc from 'fast-check';
import { writeBox } from '../isobmff/boxes';
import { Refusal } from '../refusal';
import { graftTiles, heicDifference, planHeic, tileStream, heifSize } from './graft';

const corpus = path.resolve(__dirname, '../../../../../shared/corpus');

const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
const u32 = (value: number): Buffer => Buffer.concat([u16(value >>> 16), u16(value & 0xffff)]);
const full = (type: string, version: number, ...parts: Uint8Array[]): Buffer => writeBox(type, u32(version * 0x1000000), ...parts);
const text = (value: string): Buffer => Buffer.from(value, 'latin1');

/** A decoder configuration with one parameter set; `sps` tells configurations apart. */
const configuration = (sps: string, bitDepth = 8): Buffer => Buffer.concat([Buffer.alloc(16), Buffer.from([0xfd, 0xf8 | (bitDepth - 8), 0xf8, 0, 0, 0x0f, 1, 0xa1]), u16(1), u16(sps.length), text(sps)]);
const nal = (content: string): Buffer => Buffer.concat([u32(content.length), text(content)]);

interface Layout {
  readonly ilocVersion?: 0 | 1 | 2;
  readonly tiles?: readonly string[];
  readonly primary?: number;
  readonly bitDepth?: number;
  readonly sharedConfiguration?: boolean;
  readonly extra?: readonly Buffer[];
}

/** Two tiles (items 1, 2) in a grid (item 3), a gain map (4), EXIF (5, in two extents), in the way that phones write them; nothing decodes. */
function heic({ ilocVersion = 1, tiles = ['first tile', 'second tile'], primary = 3, bitDepth = 8, sharedConfiguration = false, extra = [] }: Layout = {}): Buffer {
  const grid = Buffer.concat([Buffer.from([0, 0, 0, 1]), u16(64), u16(32)]);
  const data = [nal(tiles[0] ?? ''), nal(tiles[1] ?? ''), nal('gain map'), text('Exif first '), text('and second')];
  const item = (id: number, type: string): Buffer => full('infe', 2, u16(id), u16(0), text(`${type}\0`));
  const association = (id: number, ...indices: number[]): Buffer => Buffer.concat([u16(id), Buffer.from([indices.length, ...indices])]);
  const ispe = (width: number, height: number): Buffer => full('ispe', 0, u32(width), u32(height));
  const wide = ilocVersion === 2 ? u32 : u16;
  const meta = (start: number): Buffer => {
    const offsets = data.map((_, index) => start + data.slice(0, index).reduce((sum, { length }) => sum + length, 0));
    const entry = (id: number, method: number, ...extents: [number, number][]): Buffer =>
      Buffer.concat([wide(id), ...(ilocVersion === 0 ? [] : [u16(method)]), u16(0), u16(extents.length), ...extents.flatMap(([at, length]) => [u32(at), u32(length)])]);
    const inFile = (id: number, ...parts: number[]): Buffer => entry(id, 0, ...parts.map((part): [number, number] => [offsets[part] ?? 0, data[part]?.length ?? 0]));
    const entries = [inFile(1, 0), inFile(2, 1), ...(ilocVersion === 0 ? [] : [entry(3, 1, [0, grid.length])]), inFile(4, 2), inFile(5, 3, 4)];
    return full(
      'meta', 0,
      full('hdlr', 0, u32(0), text('pict'), Buffer.alloc(13)),
      full('pitm', 0, u16(primary)),
      full('iinf', 0, u16(5), item(1, 'hvc1'), item(2, 'hvc1'), item(3, 'grid'), item(4, 'hvc1'), item(5, 'Exif')),
      full('iref', 0, writeBox('dimg', u16(3), u16(2), u16(1), u16(2)), writeBox('auxl', u16(4), u16(1), u16(3))),
      writeBox('iprp', writeBox('ipco', writeBox('hvcC', configuration('tiles', bitDepth)), ispe(32, 32), ispe(64, 32), writeBox('hvcC', configuration('gain')), ispe(16, 8), writeBox('irot', Buffer.from([1]))),
        full('ipma', 0, u32(4), association(1, 0x81, 2), association(2, 0x81, 2), association(3, 3, 0x86), association(4, sharedConfiguration ? 0x81 : 0x84, 5))),
      writeBox('idat', grid),
      full('iloc', ilocVersion, u16(0x4400), wide(entries.length), ...entries),
    );
  };
  const head = writeBox('ftyp', text('heic\0\0\0\0mif1heic'));
  const start = head.length + meta(0).length + extra.reduce((sum, { length }) => sum + length, 0) + 8;
  return Buffer.concat([head, meta(start), ...extra, writeBox('mdat', ...data)]);
}

const graft = (file: Buffer, samples = [nal('1'), nal('2')]): Buffer => graftTiles(planHeic(file), samples, configuration('new'));

describe('graftTiles', () => {
  it.each([1, 2] as const)('exchanges the tiles and nothing else (iloc version %i)', (ilocVersion) => {
    const file = heic({ ilocVersion });
    const result = graft(file);
    expect(result.length).toBeLessThan(file.length);
    expect(heicDifference(file, result)).toBeNull();
    expect(tileStream(planHeic(result)).toString('latin1')).toBe('\0\0\0\x01new\0\0\0\x011\0\0\0\x01new\0\0\0\x012');
    expect(result.includes('Exif first and second')).toBe(true);
    expect(heifSize(result)).toEqual({ width: 64, height: 32 });
  });

  it('takes a picture that is no grid', () => {
    const file = heic({ primary: 4, sharedConfiguration: false });
    expect(planHeic(file).tiles).toEqual([4]);
    expect(heicDifference(file, graft(file, [nal('x')]))).toBeNull();
  });

  it('gives the tiles as a stream with their parameter sets', () => {
    expect(tileStream(planHeic(heic())).toString('latin1')).toBe('\0\0\0\x01tiles\0\0\0\x01first tile\0\0\0\x01tiles\0\0\0\x01second tile');
  });

  it.each<[string, Layout, string]>([
    ['a shared decoder configuration', { sharedConfiguration: true }, 'shared'],
    ['ten bits', { bitDepth: 10 }, '10 bits'],
    ['a box that is not known', { extra: [writeBox('mpvd', Buffer.alloc(20))] }, 'mpvd'],
    ['a sequence', { extra: [writeBox('moov', Buffer.alloc(20))] }, 'sequence'],
  ])('refuses %s', (_, layout, reason) => {
    expect(() => planHeic(heic(layout))).toThrow(Refusal);
    expect(() => planHeic(heic(layout))).toThrow(reason);
  });

  it('notices a changed item, property, reference and brand', () => {
    const file = heic();
    const result = graft(file);
    const changed = (what: string, by: string): string | null => {
      const copy = Buffer.from(result);
      copy.write(by, copy.indexOf(what), 'latin1');
      return heicDifference(file, copy);
    };
    expect(changed('and second', 'AND second')).toBe('item 5 (Exif) differs');
    expect(changed('gain map', 'GAIN map')).toBe('item 4 (hvc1) differs');
    expect(changed('gain', 'GAIN')).toBe('a property differs');
    expect(changed('auxl', 'auxx')).toBe('the index differs');
    expect(changed('mif1', 'mif2')).toBe('the brand differs');
  });

  const survives = (original: Buffer, runs: number): void => {
    const early = Math.min(original.length - 1, 4000);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.oneof(fc.nat({ max: early }), fc.nat({ max: original.length - 1 })), fc.nat({ max: 255 })), { maxLength: 6 }), fc.nat({ max: original.length }), fc.boolean(), (changes, length, cut) => {
        const bytes = Buffer.from(cut ? original.subarray(0, length) : original);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        try {
          const plan = planHeic(bytes);
          tileStream(plan);
          heicDifference(bytes, graftTiles(plan, plan.tiles.map(() => nal('x')), configuration('new')));
        } catch (error) {
          if (!(error instanceof Refusal) && !(error instanceof PipelineError && error.code === 'MEDIA_CORRUPT')) throw error;
        }
      }),
      { numRuns: runs },
    );
  };
  it('answers to any damage with one of its own errors', () => survives(heic(), 3000));

  (existsSync(corpus) ? describe : describe.skip)('on real files (skipped without the corpus)', () => {
    it.each(['IMG_1034.heic', 'IMG_2927.HEIC', 'IMG_5195.HEIC', 'exif-at-eof.heic', 'heic-iphone.heic', 'live-image.heic', 'parfait.heic'])('keeps everything but the tiles of %s', async (name) => {
      const file = await readFile(path.join(corpus, name));
      const plan = planHeic(file);
      expect(plan.width * plan.height).toBeGreaterThan(5_000_000);
      const result = graftTiles(plan, plan.tiles.map((tile) => nal(`tile ${tile}`)), configuration('new'));
      expect(heicDifference(file, result)).toBeNull();
    });

    it('survives damage', async () => survives(await readFile(path.join(corpus, 'exif-at-eof.heic')), 200));
  });
});
