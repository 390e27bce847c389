import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { PipelineError } from '@media-pipeline/contracts';
import { makeNoise } from '@media-pipeline/testing';
import fc from 'fast-check';
import { graftTiles, heicDifference, jpegDifference, jpegEmbedded, heicEmbedded, parsePng, planHeic, pngDifference, Refusal, spliceJpeg, splicePng, spliceWebp, tileStream, webpDifference } from '.';

/**
 * What all modules that exchange a payload promise of any input: a refusal, MEDIA_CORRUPT, or a file that differs from the original in
 * nothing but the payload. And soon: no input of this size may take seconds.
 */
const corpus = path.resolve(__dirname, '../../../../shared/corpus');
const noise = makeNoise({ width: 160, height: 120 });
const slowest = 2_000;

let jpeg: Buffer;
let webp: Buffer;
beforeAll(async () => {
  jpeg = await noise.clone().jpeg({ quality: 40, mozjpeg: true }).toBuffer();
  webp = await noise.clone().webp({ quality: 40 }).toBuffer();
});

const nal = Buffer.from([0, 0, 0, 1, 0x26]);
const configuration = Buffer.concat([Buffer.alloc(16), Buffer.from([0xfd, 0xf8, 0xf8, 0, 0, 0x0f, 0])]);
const grafts: Record<string, (bytes: Buffer) => string | null> = {
  jpeg: (bytes) => {
    const result = spliceJpeg(bytes, jpeg);
    const [old, now] = [jpegEmbedded(bytes), jpegEmbedded(result)];
    return jpegDifference(bytes, result, { resized: true }) ?? (JSON.stringify(old) === JSON.stringify(now) ? null : 'what is embedded differs');
  },
  heic: (bytes) => {
    const plan = planHeic(bytes);
    tileStream(plan);
    const result = graftTiles(plan, plan.tiles.map(() => nal), configuration);
    return heicDifference(bytes, result) ?? (JSON.stringify(heicEmbedded(bytes)) === JSON.stringify(heicEmbedded(result)) ? null : 'what is embedded differs');
  },
  png: (bytes) => pngDifference(bytes, splicePng(bytes, parsePng(bytes), Buffer.alloc(8))),
  webp: (bytes) => webpDifference(bytes, spliceWebp(bytes, webp)),
};

function holds(format: string, bytes: Buffer): void {
  const began = performance.now();
  try {
    // a picture of another kind (lossless, grey) is a difference that the proof sees; nothing else may be one
    expect([null, 'one is lossless and the other is not', 'the number of colour components differs']).toContain(grafts[format]?.(bytes) ?? null);
  } catch (error) {
    if (!(error instanceof Refusal) && !(error instanceof PipelineError && error.code === 'MEDIA_CORRUPT')) throw error;
  }
  expect(performance.now() - began).toBeLessThan(slowest);
}

const openings: Record<string, Buffer> = {
  jpeg: Buffer.from([0xff, 0xd8, 0xff]),
  heic: Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic\0\0\0\x40meta\0\0\0\0', 'latin1'),
  png: Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'),
  webp: Buffer.from('RIFF\x40\0\0\0WEBPVP8 ', 'latin1'),
};

describe.each(Object.keys(grafts))('the exchange of the payload of a %s', (format) => {
  it('holds for arbitrary bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), fc.boolean(), (tail, opening) => holds(format, Buffer.concat([opening ? (openings[format] ?? Buffer.alloc(0)) : Buffer.alloc(0), tail]))), { numRuns: 1500 });
  });

  const damage = (original: Buffer, runs: number): void => {
    const anywhere = fc.oneof(fc.nat({ max: Math.min(original.length - 1, 3000) }), fc.nat({ max: original.length - 1 }));
    const piece = fc.tuple(anywhere, fc.nat({ max: 64 }), fc.constantFrom('drop', 'double', 'zero', 'ones', 'swap'));
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 4 }), (pieces) => {
        let bytes = Buffer.from(original);
        for (const [at, length, how] of pieces) {
          const part = bytes.subarray(at, at + length);
          if (how === 'drop') bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
          else if (how === 'double') bytes = Buffer.concat([bytes.subarray(0, at + length), part, bytes.subarray(at + length)]);
          else if (how === 'swap') part.reverse();
          else part.fill(how === 'zero' ? 0 : 0xff);
        }
        holds(format, bytes);
      }),
      { numRuns: runs },
    );
  };

  it('holds for made files with pieces lost, doubled, zeroed and turned round', async () => {
    if (format === 'heic') return;
    const made = noise.clone().withExif({ IFD0: { Make: 'Example' } }).withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>');
    damage(await (format === 'jpeg' ? made.jpeg({ quality: 95 }) : format === 'png' ? made.png() : made.webp({ quality: 95 })).toBuffer(), 600);
  });

  const real = { jpeg: ['gain-map.jpg', 'apple-gainmap.jpg', 'panasonic-lx7.jpg'], heic: ['IMG_2927.HEIC', 'IMG_1034.heic'] }[format] ?? [];
  for (const name of real) {
    (existsSync(corpus) ? it : it.skip)(`holds for ${name}, damaged (skipped without the corpus)`, async () => damage(await readFile(path.join(corpus, name)), 60));
  }
});
