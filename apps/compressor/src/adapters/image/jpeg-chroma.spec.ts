import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { temporaryPath } from '@media-pipeline/files';
import { assemblePlanes, chromaSteps, chromaSubsampling, identify, parseJpeg, planesOf, spliceJpeg, withStoredColours, type ChromaSteps, type SamplePlane } from '@media-pipeline/media';
import { makeNoise } from '@media-pipeline/testing';
import { ExifTool } from 'exiftool-vendored';
import fc from 'fast-check';
import sharp from 'sharp';
import type { CompressionSettings, EncodeJob, EncodeResult, Findings } from '../../encoder.port';
import { defaultFfmpegOptions, Ffmpeg } from '../video';
import { CodecImageEncoder, CodecImageProver, ImageCodecs } from '.';

const run = promisify(execFile);
const exiftool = new ExifTool({ maxProcs: 1 });
const codecs = new ImageCodecs(new Ffmpeg(defaultFfmpegOptions), exiftool);
const encoder = new CodecImageEncoder(codecs);
const prover = new CodecImageProver(codecs);
const [width, height] = [641, 480];

let folder: string;
let original: Buffer;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'media-chroma-'));
  const [png, jpeg] = [path.join(folder, 'scene.png'), path.join(folder, 'scene.jpg')];
  await scene().png().toFile(png);
  await run('ffmpeg', ['-v', 'error', '-i', png, '-pix_fmt', 'yuvj422p', '-q:v', '2', '-strict', 'unofficial', jpeg]);
  original = await readFile(jpeg);
});
afterAll(async () => {
  await codecs.onModuleDestroy();
  await exiftool.end();
  await rm(folder, { recursive: true });
});

/** Soft shapes of several colours. */
function scene(): sharp.Sharp {
  const data = Buffer.alloc(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) for (const shift of [0, 40, 90]) data[at++] = 120 + 60 * Math.sin((x + shift) / 37) + 50 * Math.cos((y + 2 * shift) / 23) + ((x * 7 + y * 13 + shift) % 9);
  }
  return sharp(data, { raw: { width, height, channels: 3 } });
}

const settings: CompressionSettings = { jpegQuality: null, qualityScore: 0.9965, minSaving: 0.05, graft: { jpeg: true, heic: true, video: true }, keep: [], videoCrf: 28, videoEncoder: 'x265', videoPreset: 'medium', resizePercentage: 100, videoResolution: null, maxMegapixels: 50 };

async function jobFor(bytes: Buffer, more: Partial<CompressionSettings> = {}): Promise<EncodeJob> {
  const source = path.join(folder, 'source.jpg');
  await writeFile(source, bytes);
  const type = await identify(source);
  if (!type) throw new Error('no picture');
  return { source, temporary: temporaryPath(path.join(folder, 'result')), type, settings: { ...settings, ...more }, signal: new AbortController().signal, onProgress: () => undefined };
}

async function compress(bytes: Buffer, more: Partial<CompressionSettings> = {}): Promise<{ result: EncodeResult; made: Buffer; findings: Findings | null }> {
  const job = await jobFor(bytes, more);
  const result = await encoder.encode(job);
  expect(result).toMatchObject({ outcome: 'encoded' });
  expect(await prover.prove(job)).toBeNull();
  const made = await readFile(job.temporary);
  await rm(job.temporary);
  return { result, made, findings: prover.findings(job) };
}

/** Why this result is not taken for a rendition of the original; null when it is. */
async function refusalOf(picture: Buffer): Promise<string | null> {
  const job = await jobFor(original);
  await writeFile(job.temporary, spliceJpeg(original, picture));
  const proof = await prover.prove(job);
  await rm(job.temporary);
  return proof && `${proof.code}: ${proof.reason}`;
}

async function stored(bytes: Buffer): Promise<readonly [SamplePlane, SamplePlane, SamplePlane]> {
  const structure = parseJpeg(bytes);
  const { data, info } = await sharp(withStoredColours(bytes, structure)).toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  return planesOf({ data, width: info.width, height: info.height }, chromaSteps(structure.frame) ?? { across: 1, down: 1 }, 'libjpeg');
}

const grey = (plane: SamplePlane, quality = 85): Promise<Buffer> => sharp(plane.data, { raw: { width: plane.width, height: plane.height, channels: 1 } }).toColourspace('b-w').jpeg({ quality, mozjpeg: true }).toBuffer();
const error = (a: SamplePlane, b: SamplePlane): number => a.data.reduce((sum, value, at) => sum + Math.abs(value - (b.data[at] ?? 0)), 0) / a.data.length;

describe('a 4:2:2 JPEG', () => {
  it('stays 4:2:2, with colours no further from the original than a 4:2:2 encoder or a 4:4:4 one leaves them', async () => {
    expect(chromaSubsampling(parseJpeg(original).frame)).toBe('4:2:2');
    const { result, made, findings } = await compress(original, { jpegQuality: 85 });
    expect(result).toMatchObject({ settings: { chroma: '4:2:2', quality: 85, table: 'robidoux', chromaQuality: 85 } });
    expect(chromaSubsampling(parseJpeg(made).frame)).toBe('4:2:2');
    expect(findings?.quality.chroma).toBeLessThan(2);
    const at = path.join(folder, 'made.jpg');
    await writeFile(at, made);
    await run('ffmpeg', ['-v', 'error', '-xerror', '-err_detect', 'explode', '-i', at, '-f', 'null', '-']);
    expect(await exiftool.readRaw(at, { readArgs: ['-n'] })).toMatchObject({ YCbCrSubSampling: '2 1', EncodingProcess: 2 });

    const theirs = path.join(folder, 'theirs.jpg');
    await run('ffmpeg', ['-v', 'error', '-y', '-i', path.join(folder, 'scene.jpg'), '-pix_fmt', 'yuvj422p', '-q:v', '5', theirs]);
    const full = await sharp(original).jpeg({ quality: 85, mozjpeg: true, chromaSubsampling: '4:4:4' }).toBuffer();
    const [before, ours, ffmpegs] = [await stored(original), await stored(made), await stored(await readFile(theirs))];
    const halved = (plane: SamplePlane, width: number): SamplePlane => ({ ...plane, width, data: Uint8Array.from({ length: width * plane.height }, (_, index) => {
      const from = Math.floor(index / width) * plane.width + 2 * (index % width);
      return ((plane.data[from] ?? 0) + (plane.data[Math.min(from + 1, (Math.floor(index / width) + 1) * plane.width - 1)] ?? 0)) / 2;
    }) });
    const fours = await stored(full);
    for (const index of [1, 2] as const) {
      expect(error(before[index], ours[index])).toBeLessThan(error(before[index], ffmpegs[index]));
      expect(error(before[index], ours[index])).toBeLessThan(error(before[index], halved(fours[index], before[index].width)) + 0.1);
    }
  });

  it('has its table, quality and chroma searched, and the search told', async () => {
    const { result, made, findings } = await compress(original);
    expect(result).toMatchObject({ settings: { chroma: '4:2:2', table: expect.stringMatching(/^(psnr-hvs-m|annex-k)$/) as string, chromaQuality: expect.any(Number) as number } });
    const trials = result.outcome === 'encoded' ? result.search?.trials : undefined;
    expect(new Set(trials?.map(({ way }) => way))).toEqual(new Set(['psnr-hvs-m', 'annex-k']));
    expect(findings?.quality.mean).toBeGreaterThan(0.9962);
    expect(made.length).toBeLessThan(original.length * 0.8);
  });

  it('is made smaller in pixels, made anew without graft, and coded again from itself', async () => {
    const { made } = await compress(original, { resizePercentage: 50 });
    expect(parseJpeg(made).frame).toMatchObject({ width: 321, height: 240 });
    expect(chromaSubsampling(parseJpeg(made).frame)).toBe('4:2:2');
    const { made: plain } = await compress(original, { graft: { jpeg: false, heic: true, video: true } });
    expect(chromaSubsampling(parseJpeg(plain).frame)).toBe('4:2:2');
    const again = await compress(plain, { jpegQuality: 40 });
    expect(chromaSubsampling(parseJpeg(again.made).frame)).toBe('4:2:2');
  });

  it.each<[string, ChromaSteps]>([
    ['4:4:0', { across: 1, down: 2 }],
    ['4:1:1', { across: 4, down: 1 }],
  ])('is treated by the same code as %s', async (name, { across, down }) => {
    const [w, h] = [Math.ceil(width / across), Math.ceil(height / down)];
    const plane = async (seed: number, size: { width: number; height: number }): Promise<Buffer> => grey({ ...size, data: await makeNoise({ ...size, seed }).blur(2).toColourspace('b-w').raw().toBuffer() }, 97);
    const picture = assemblePlanes([await plane(1, { width, height }), await plane(2, { width: w, height: h }), await plane(3, { width: w, height: h })], { across, down });
    const { made, result } = await compress(picture, { jpegQuality: 70 });
    expect(result).toMatchObject({ settings: { chroma: name } });
    expect(chromaSubsampling(parseJpeg(made).frame)).toBe(name);
  });

  it('is not proven with planes that are exchanged, missing, turned, shifted, negative or of another size', async () => {
    const [luma, cb, cr] = await stored(original);
    const steps = { across: 2, down: 1 };
    const put = async (...planes: [SamplePlane, SamplePlane, SamplePlane]): Promise<Buffer> => assemblePlanes([await grey(planes[0]), await grey(planes[1]), await grey(planes[2])], steps);
    const changed = (plane: SamplePlane, change: (data: Uint8Array) => Uint8Array): SamplePlane => ({ ...plane, data: change(plane.data) });
    expect(await refusalOf(await put(luma, cb, cr))).toBeNull();
    for (const picture of [
      await put(luma, cr, cb),
      await put(luma, cb, cb),
      await put(luma, changed(cb, (data) => data.map(() => 128)), cr),
      await put(luma, changed(cb, (data) => data.toReversed()), cr),
      await put(luma, cb, changed(cr, (data) => data.map((value) => 255 - value))),
      await put(luma, changed(cb, (data) => Uint8Array.from(data, (_, at) => data[Math.max(0, at - 12)] ?? 0)), cr),
      await put(changed(luma, (data) => data.toReversed()), cb, cr),
    ]) {
      expect(await refusalOf(picture)).toMatch(/^PROOF_FAILED: the picture differs/);
    }
    expect(await refusalOf(await sharp(original).jpeg({ quality: 50, chromaSubsampling: '4:4:4' }).toBuffer())).toBe('PROOF_FAILED: the chroma of the picture is 4:4:4 instead of 4:2:2');
    expect(await refusalOf(await sharp(original).jpeg({ quality: 50, chromaSubsampling: '4:2:0' }).toBuffer())).toMatch(/^PROOF_FAILED: the chroma/);
  });
});

describe('a damaged 4:2:2 JPEG', () => {
  it.each([null, 70])('ends in a result that is proven, a kept original, or an error with a code (JPEG_QUALITY %s)', async (jpegQuality) => {
    const [png, jpeg] = [path.join(folder, 'small.png'), path.join(folder, 'small.jpg')];
    await scene().resize(201, 130).png().toFile(png);
    await run('ffmpeg', ['-v', 'error', '-y', '-i', png, '-pix_fmt', 'yuvj422p', '-q:v', '2', '-strict', 'unofficial', jpeg]);
    const small = await readFile(jpeg);
    expect((await encoder.encode(await jobFor(small, { jpegQuality: 70 }))).outcome).toBe('encoded');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 }), async (changes) => {
        const bytes = Buffer.from(small);
        for (const [where, value] of changes) bytes[Math.max(12, Math.floor(where ** 2 * bytes.length))] = value;
        try {
          const job = await jobFor(bytes, { jpegQuality });
          const result = await encoder.encode(job);
          if (result.outcome === 'encoded') expect((await prover.prove(job))?.code ?? 'PROVEN').toMatch(/^(PROVEN|PROOF_FAILED|NOT_SMALLER)$/);
          await rm(job.temporary, { force: true });
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^(MEDIA_CORRUPT|MEDIA_TOO_LARGE)$/) as string });
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('any other JPEG', () => {
  it('has the table that does with less, and keeps to one where the quality is set', async () => {
    const bytes = await scene().jpeg({ quality: 98 }).toBuffer();
    const searched = await compress(bytes);
    expect(searched.result).toMatchObject({ settings: { chroma: '4:2:0', table: expect.stringMatching(/^(psnr-hvs-m|annex-k)$/) as string } });
    const fixed = await compress(bytes, { jpegQuality: 80 });
    expect(fixed.result).toMatchObject({ settings: { quality: 80, table: 'robidoux' } });
    const mozjpeg = await sharp(bytes, { ignoreIcc: true }).jpeg({ quality: 80, mozjpeg: true, chromaSubsampling: '4:2:0' }).toBuffer();
    expect(fixed.made.equals(spliceJpeg(bytes, mozjpeg))).toBe(true);
  });
});
