import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { PipelineError } from '@media-pipeline/contracts';
import { makeNoise, seededRandom } from '@media-pipeline/testing';
import fc from 'fast-check';
import sharp from 'sharp';
import { Refusal } from '../refusal';
import { assemblePlanes } from './assemble';
import { chromaSteps, chromaSubsampling, parseJpeg, type ChromaSteps } from './segments';

const run = promisify(execFile);

/** A grey plane unlike any other seed's: waves and a little noise. */
function plane(seed: number, width: number, height: number): sharp.Sharp {
  const random = seededRandom(seed);
  const data = Uint8Array.from({ length: width * height }, (_, at) => 128 + 60 * Math.sin((at % width) / (9 + seed)) + 40 * Math.cos(at / width / (5 + 2 * seed)) + 8 * random());
  return sharp(data, { raw: { width, height, channels: 1 } }).toColourspace('b-w');
}

const coded = (seed: number, width: number, height: number, more: sharp.JpegOptions = {}): Promise<Buffer> => plane(seed, width, height).jpeg({ quality: 80, mozjpeg: true, ...more }).toBuffer();
const greyOf = (bytes: Buffer): Promise<Buffer> => sharp(bytes, { failOn: 'warning' }).toColourspace('b-w').raw().toBuffer();

async function planesFor(width: number, height: number, { across, down }: ChromaSteps): Promise<[Buffer, Buffer, Buffer]> {
  const [w, h] = [Math.ceil(width / across), Math.ceil(height / down)];
  return [await coded(1, width, height), await coded(2, w, h, { quality: 70 }), await coded(3, w, h, { quality: 60 })];
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'media-planes-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('assemblePlanes', () => {
  it.each([
    ['4:2:2', 'yuvj422p', 2, 1, 203, 117],
    ['4:2:2', 'yuvj422p', 2, 1, 640, 480],
    ['4:4:0', 'yuvj440p', 1, 2, 203, 117],
    ['4:2:0', 'yuvj420p', 2, 2, 90, 61],
    ['4:4:4', 'yuvj444p', 1, 1, 61, 90],
    ['4:1:1', 'yuvj411p', 4, 1, 203, 40],
  ])('gives a %s picture whose planes are those that were put in, to libjpeg, ffmpeg and exiftool', async (name, format, across, down, width, height) => {
    const planes = await planesFor(width, height, { across, down });
    const picture = assemblePlanes(planes, { across, down });
    const { frame, end } = parseJpeg(picture);
    expect({ name: chromaSubsampling(frame), end, width: frame.width, height: frame.height }).toEqual({ name, end: picture.length, width, height });
    expect(chromaSteps(frame)).toEqual({ across, down });
    expect((await sharp(picture, { failOn: 'warning' }).raw().toBuffer({ resolveWithObject: true })).info).toMatchObject({ width, height, channels: 3 });

    const at = path.join(folder, `${across}${down}${width}.jpg`);
    await writeFile(at, picture);
    const { stdout, stderr } = await run('ffmpeg', ['-v', 'error', '-xerror', '-err_detect', 'explode', '-i', at, '-pix_fmt', format, '-f', 'rawvideo', '-'], { encoding: 'buffer', maxBuffer: 1 << 26 });
    expect(stderr.toString()).toBe('');
    let from = 0;
    for (const bytes of planes) {
      const wanted = await greyOf(bytes);
      const got = stdout.subarray(from, (from += wanted.length));
      const off = wanted.map((value, index) => Math.abs(value - (got[index] ?? 999)));
      // ffmpeg's inverse transform is another one than libjpeg's, by a level here and there
      expect(off.every((value) => value <= 2)).toBe(true);
      expect(off.reduce((sum, value) => sum + value, 0) / off.length).toBeLessThan(0.2);
    }
    expect(from).toBe(stdout.length);

    const tags = JSON.parse((await run('exiftool', ['-j', '-n', at])).stdout) as unknown;
    expect(tags).toEqual([expect.objectContaining({ ImageWidth: width, ImageHeight: height, ColorComponents: 3, EncodingProcess: 2, YCbCrSubSampling: `${across} ${down}` })]);
    expect(tags).toEqual([expect.not.objectContaining({ Warning: expect.anything() as unknown, Error: expect.anything() as unknown })]);
  });

  it('takes the coded data as it is, and adds next to nothing', async () => {
    const planes = await planesFor(400, 300, { across: 2, down: 1 });
    const picture = assemblePlanes(planes, { across: 2, down: 1 });
    expect(picture.length).toBeLessThan(planes.reduce((sum, { length }) => sum + length, 0));
  });

  it('refuses what does not fit together', async () => {
    const [luma, cb, cr] = await planesFor(203, 117, { across: 2, down: 1 });
    const steps = { across: 2, down: 1 };
    const refused = (...planes: [Buffer, Buffer, Buffer]): unknown => expect(() => assemblePlanes(planes, steps)).toThrow(Refusal);
    refused(cb, luma, cr);
    refused(luma, cb, luma);
    refused(luma, cb, await coded(3, 102, 116));
    refused(luma, cb, await plane(3, 102, 117).jpeg().toBuffer());
    refused(luma, cb, await makeNoise({ width: 102, height: 117 }).jpeg({ mozjpeg: true }).toBuffer());
    refused(luma, cb, Buffer.concat([cr, Buffer.from('more')]));
    refused(luma, cb, Buffer.concat([cr.subarray(0, 2), Buffer.from([0xff, 0xdd, 0, 4, 0, 1]), cr.subarray(2)]));
    for (const odd of [{ across: 3, down: 1 }, { across: 2, down: 0 }, { across: 0.5, down: 1 }, { across: 4, down: 4 }]) expect(() => assemblePlanes([luma, cb, cr], odd)).toThrow(Refusal);
  });

  it('answers to any damage with a refusal, MEDIA_CORRUPT, or a picture of the same shape', async () => {
    const planes = await planesFor(120, 90, { across: 2, down: 1 });
    const holds = (damaged: readonly Buffer[]): void => {
      const [luma = Buffer.alloc(0), cb = Buffer.alloc(0), cr = Buffer.alloc(0)] = damaged;
      try {
        const { frame, end } = parseJpeg(assemblePlanes([luma, cb, cr], { across: 2, down: 1 }));
        const size = parseJpeg(luma).frame;
        expect({ width: frame.width, height: frame.height, chroma: chromaSubsampling(frame) }).toEqual({ width: size.width, height: size.height, chroma: '4:2:2' });
        expect(end).toBeGreaterThan(0);
      } catch (error) {
        if (!(error instanceof Refusal) && !(error instanceof PipelineError && error.code === 'MEDIA_CORRUPT')) throw error;
      }
    };
    const place = fc.oneof(fc.nat({ max: 400 }), fc.nat({ max: 4000 }));
    const change = fc.tuple(fc.nat({ max: 2 }), place, fc.nat({ max: 40 }), fc.constantFrom('drop', 'double', 'set'), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), (changes) => {
        const damaged = planes.map((bytes) => Buffer.from(bytes));
        for (const [index, at, length, how, value] of changes) {
          const bytes = damaged[index] ?? Buffer.alloc(0);
          if (how === 'set' && at < bytes.length) bytes[at] = value;
          else if (how === 'drop') damaged[index] = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
          else damaged[index] = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
        }
        holds(damaged);
      }),
      { numRuns: 2000 },
    );
    const head = planes[0].subarray(0, 200);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (tail, opening) => holds([opening ? Buffer.concat([head, tail]) : Buffer.from(tail), planes[1], planes[2]])), { numRuns: 1000 });
  });
});
