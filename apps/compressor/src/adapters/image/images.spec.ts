import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { jpegDifference, parseJpeg, parsePng, parseWebp, pngDifference } from '@media-pipeline/media';
import sharp from 'sharp';
import type { CompressionSettings } from '../../encoder.port';
import { exif, ImageScene, picture, type Outcome } from './e2e/image-scene';

const run = promisify(execFile);
const workspace = path.resolve(__dirname, '../../../../..');

let scene: ImageScene;
beforeAll(async () => {
  scene = await ImageScene.open();
});
afterAll(() => scene.close());

const succeeded = ({ result, proof }: Outcome): void => expect({ outcome: result, proof }).toMatchObject({ outcome: { outcome: 'encoded' }, proof: null });

describe('JPEG', () => {
  it('becomes smaller with every segment as it was: EXIF, GPS, XMP, profile, orientation', async () => {
    const original = await picture().withExif(exif).withMetadata({ orientation: 6 }).withIccProfile('p3').withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>').jpeg({ quality: 98 }).toBuffer();
    const outcome = await scene.compress(original);
    succeeded(outcome);
    expect(outcome.bytes.length).toBeLessThan(original.length * 0.7);
    expect(jpegDifference(original, outcome.bytes)).toBeNull();
    const [before, after] = [await sharp(original).metadata(), await sharp(outcome.bytes).metadata()];
    expect(after).toMatchObject({ width: 640, height: 480, orientation: 6, space: 'srgb' });
    expect(after.icc?.equals(before.icc ?? Buffer.alloc(0))).toBe(true);
    expect(after.exif?.equals(before.exif ?? Buffer.alloc(0))).toBe(true);
  });

  it('leaves the numbers of the pixels in their own colour space', async () => {
    const original = await sharp({ create: { width: 400, height: 400, channels: 3, background: { r: 200, g: 40, b: 60 } } }).withIccProfile('p3', { attach: true }).jpeg({ quality: 100 }).toBuffer();
    const noisy = await picture(400, 400).withIccProfile('p3').jpeg({ quality: 98 }).toBuffer();
    const { bytes } = await scene.compress(noisy);
    const mean = async (file: Buffer): Promise<number[]> => (await sharp(file, { ignoreIcc: true }).stats()).channels.map((channel) => channel.mean);
    const [before, after] = [await mean(noisy), await mean(bytes)];
    for (const [index, value] of before.entries()) expect(Math.abs(value - (after[index] ?? 0))).toBeLessThan(1.5);
    expect(original.length).toBeGreaterThan(0);
  });

  it('keeps greyscale grey and full chroma full', async () => {
    const grey = await scene.compress(await picture(640, 480, 1).toColourspace('b-w').jpeg({ quality: 98 }).toBuffer());
    succeeded(grey);
    expect(parseJpeg(grey.bytes).frame.components).toHaveLength(1);
    const full = await scene.compress(await picture().jpeg({ quality: 98, chromaSubsampling: '4:4:4' }).toBuffer());
    succeeded(full);
    expect(parseJpeg(full.bytes).frame.components[1]).toMatchObject({ horizontal: 1, vertical: 1 });
    expect(parseJpeg(full.bytes).frame.components[0]).toMatchObject({ horizontal: 1, vertical: 1 });
  });

  it('keeps the original when it would not be smaller, is CMYK, or is tiny', async () => {
    expect((await scene.compress(await picture().jpeg({ quality: 40, mozjpeg: true }).toBuffer())).result).toMatchObject({ outcome: 'kept', code: 'NOT_SMALLER' });
    expect((await scene.compress(await picture().toColourspace('cmyk').jpeg({ quality: 98 }).toBuffer())).result).toMatchObject({ outcome: 'kept', code: 'UNSUPPORTED_VARIANT' });
    expect((await scene.compress(await picture(16, 16).jpeg().toBuffer())).result).toMatchObject({ outcome: 'kept', code: 'ALREADY_SMALL' });
  });

  it('is made smaller in pixels only when asked, as stored, and its EXIF says so', async () => {
    const original = await picture().withExif(exif).withMetadata({ orientation: 6 }).jpeg({ quality: 98 }).toBuffer();
    const outcome = await scene.compress(original, { resizePercentage: 50 });
    succeeded(outcome);
    expect(await sharp(outcome.bytes).metadata()).toMatchObject({ width: 320, height: 240, orientation: 6 });
    const at = path.join(scene.folder, 'resized.jpg');
    await writeFile(at, outcome.bytes);
    expect(await scene.exiftool.readRaw(at)).toMatchObject({ ExifImageWidth: 320, ExifImageHeight: 240, DateTimeOriginal: '2021:05:03 14:03:01' });
  });
});

describe('the quality target', () => {
  const searched: Partial<CompressionSettings> = { jpegQuality: null, minSaving: 0.1 };

  it('is reached by the whole picture, with less than a better target takes', async () => {
    const original = await picture(1400, 1000).jpeg({ quality: 98 }).toBuffer();
    const sizes: number[] = [];
    for (const qualityScore of [0.98, 0.9965]) {
      const outcome = await scene.compress(original, { ...searched, qualityScore });
      succeeded(outcome);
      const findings = scene.prover.findings(outcome.job);
      expect(findings?.quality).toMatchObject({ metric: 'ms-ssim-luma' });
      expect(findings?.quality.mean).toBeGreaterThan(qualityScore - 0.0003);
      expect(outcome.result).toMatchObject({ search: { target: qualityScore, parameter: 'quality' } });
      sizes.push(outcome.bytes.length);
    }
    expect(sizes[0]).toBeLessThan(sizes[1] ?? 0);
  });

  it('is sought for WebP, too', async () => {
    const outcome = await scene.compress(await picture().webp({ quality: 100 }).toBuffer(), { ...searched, qualityScore: 0.98 });
    succeeded(outcome);
    expect(outcome.result).toMatchObject({ search: { target: 0.98 } });
  });

  it('keeps the original when samples predict too little, or nothing reaches it', async () => {
    const small = await picture(1400, 1000).jpeg({ quality: 30, mozjpeg: true }).toBuffer();
    expect((await scene.compress(small, searched)).result).toMatchObject({ outcome: 'kept', code: expect.stringMatching(/NOT_SMALLER|QUALITY_OUT_OF_REACH/) as string });
    expect((await scene.compress(await picture().jpeg({ quality: 100 }).toBuffer(), { ...searched, qualityScore: 0.9999 })).result).toMatchObject({ outcome: 'kept', code: 'QUALITY_OUT_OF_REACH' });
  });

  it('gives way to a quality that is set', async () => {
    const { result } = await scene.compress(await picture().jpeg({ quality: 98 }).toBuffer(), { jpegQuality: 61, qualityScore: 0.9999 });
    expect(result).toMatchObject({ outcome: 'encoded', settings: { quality: 61 } });
  });
});

describe('with the graft switched off', () => {
  const off: Partial<CompressionSettings> = { graft: { jpeg: false, heic: false, video: false } };

  it('a JPEG is made anew with its metadata, which is compared tag by tag', async () => {
    const original = await picture().withExif(exif).withMetadata({ orientation: 6 }).withIccProfile('p3').withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>').jpeg({ quality: 98 }).toBuffer();
    const outcome = await scene.compress(original, off);
    succeeded(outcome);
    expect(scene.prover.findings(outcome.job)).toMatchObject({ metadata: { compared: 'tags' }, embedded: [] });
    expect(outcome.result).toMatchObject({ settings: { method: 'plain' } });
  });

  it('a JPEG with more behind its picture is left alone', async () => {
    const original = Buffer.concat([await picture().jpeg({ quality: 98 }).toBuffer(), Buffer.from('Samsung trailer SEFT')]);
    expect((await scene.compress(original, off)).result).toMatchObject({ outcome: 'kept', code: 'METADATA_WOULD_CHANGE' });
    succeeded(await scene.compress(original));
  });
});

describe('COMPRESSION_KEEP', () => {
  it('leaves what it names alone, and proves it readable', async () => {
    const plain = await picture().jpeg({ quality: 98 }).toBuffer();
    const comment = Buffer.from('\xff\xe1\0\x1fExif\0\0ASCII\0\0\0Screenshot.', 'latin1');
    comment.writeUInt16BE(comment.length - 2, 2);
    const screenshot = Buffer.concat([plain.subarray(0, 2), comment, plain.subarray(2)]);
    expect((await scene.compress(screenshot)).result).toMatchObject({ outcome: 'kept', code: 'SCREENSHOT' });
    expect((await scene.compress(screenshot, { keep: [] })).result).toMatchObject({ outcome: 'encoded' });
    await expect(scene.compress(screenshot.subarray(0, -3000))).rejects.toMatchObject({ code: 'MEDIA_CORRUPT' });
  });
});

describe('PNG', () => {
  const lossless = async (original: Buffer): Promise<Buffer> => {
    const outcome = await scene.compress(original);
    succeeded(outcome);
    expect(pngDifference(original, outcome.bytes)).toBeNull();
    expect(parsePng(outcome.bytes).header).toEqual(parsePng(original).header);
    return outcome.bytes;
  };

  it.each<[string, () => Promise<Buffer>]>([
    ['RGB with EXIF and a profile', () => picture().withExif(exif).withIccProfile('p3').png({ compressionLevel: 1 }).toBuffer()],
    ['RGB and alpha', () => picture(300, 200, 4).png({ compressionLevel: 1 }).toBuffer()],
    ['grey', () => picture(300, 200, 1).toColourspace('b-w').png({ compressionLevel: 0 }).toBuffer()],
    ['16 bits', () => picture(200, 200).toColourspace('rgb16').png({ compressionLevel: 0 }).toBuffer()],
    ['a palette', () => picture(300, 200).png({ palette: true, colours: 200, compressionLevel: 0 }).toBuffer()],
    ['interlaced', () => picture(301, 203).png({ progressive: true, compressionLevel: 0 }).toBuffer()],
  ])('%s becomes smaller without loss', async (_, make) => {
    const original = await make();
    expect((await lossless(original)).length).toBeLessThan(original.length);
  });

  it('does not treat animations, and does not decode a bomb', async () => {
    const plain = await picture().png().toBuffer();
    const chunk = (name: string, data: Buffer): Buffer => {
      const bytes = Buffer.concat([Buffer.alloc(4), Buffer.from(name), data, Buffer.alloc(4)]);
      bytes.writeUInt32BE(data.length);
      bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), bytes.length - 4);
      return bytes;
    };
    const animated = Buffer.concat([plain.subarray(0, 33), chunk('acTL', Buffer.from([0, 0, 0, 1, 0, 0, 0, 0])), plain.subarray(33)]);
    expect((await scene.compress(animated)).result).toMatchObject({ outcome: 'kept', code: 'ANIMATED' });
    const header = Buffer.alloc(13);
    header.writeUInt32BE(60_000, 0);
    header.writeUInt32BE(60_000, 4);
    header.set([8, 6, 0, 0, 0], 8);
    const bomb = Buffer.concat([plain.subarray(0, 8), chunk('IHDR', header), plain.subarray(33)]);
    await expect(scene.compress(bomb)).rejects.toMatchObject({ code: 'MEDIA_TOO_LARGE' });
  });
});

describe('WebP', () => {
  it('stays lossless where it was, to the last transparent pixel', async () => {
    const original = await picture(300, 200, 4).webp({ lossless: true, exact: true, effort: 0 }).toBuffer();
    const { result, proof, bytes } = await scene.compress(original);
    expect(proof).toBeNull();
    if (result.outcome === 'encoded') expect(parseWebp(bytes).lossless).toBe(true);
    else expect(result.code).toBe('NOT_SMALLER');
  });

  it('becomes smaller with its metadata', async () => {
    const original = await picture().withExif(exif).withIccProfile('p3').webp({ quality: 100 }).toBuffer();
    const outcome = await scene.compress(original);
    succeeded(outcome);
    expect((await sharp(outcome.bytes).metadata()).exif?.equals((await sharp(original).metadata()).exif ?? Buffer.alloc(0))).toBe(true);
  });

  it('is kept when it has fewer pixels than a thumbnail', async () => {
    const bytes = await picture(160, 119).webp({ quality: 100 }).toBuffer();
    expect(bytes.length).toBeGreaterThan(4096);
    expect((await scene.compress(bytes)).result).toMatchObject({ outcome: 'kept', code: 'ALREADY_SMALL' });
  });

  it('is kept when animated', async () => {
    const frames = await sharp(Buffer.concat([await picture(100, 100).raw().toBuffer(), await picture(100, 100).negate().raw().toBuffer()]), { raw: { width: 100, height: 200, channels: 3, pageHeight: 100 } }).webp({ quality: 100 }).toBuffer();
    expect((await scene.compress(frames)).result).toMatchObject({ outcome: 'kept', code: 'ANIMATED' });
  });
});

describe('GIF, TIFF and others', () => {
  it('passes GIFs on', async () => {
    expect((await scene.compress(await picture(200, 200).gif().toBuffer())).result).toMatchObject({ outcome: 'kept', code: 'UNSUPPORTED_VARIANT' });
  });

  it('deflates a TIFF with all its tags', async () => {
    const at = path.join(scene.folder, 'tags.tif');
    await picture().withIccProfile('p3').tiff({ compression: 'none' }).toFile(at);
    await scene.exiftool.write(at, { DateTimeOriginal: '2021:05:03 14:03:01', 'Orientation#': 6, Make: 'Example', Artist: 'me', GPSLatitude: 51.5, GPSLatitudeRef: 'N', Title: 'a title' }, { writeArgs: ['-overwrite_original'] });
    const outcome = await scene.compress(await readFile(at));
    succeeded(outcome);
    await writeFile(at, outcome.bytes);
    expect(await scene.exiftool.readRaw(at)).toMatchObject({ DateTimeOriginal: '2021:05:03 14:03:01', Make: 'Example', Artist: 'me', Title: 'a title', Compression: 'Adobe Deflate' });
    expect((await sharp(outcome.bytes).metadata()).orientation).toBe(6);
  });

  it('passes AVIF on', async () => {
    expect((await scene.compress(await picture(200, 200).avif({ effort: 0 }).toBuffer())).result).toMatchObject({ outcome: 'kept', code: 'UNSUPPORTED_FORMAT' });
  });
});

describe('HEIC', () => {
  /** Made by the tool that makes the sample library: tiles of 512 pixels, a grid, EXIF, a quarter turn. */
  const make = async (): Promise<Buffer> => {
    const at = path.join(scene.folder, 'made.heic');
    const script = `
      import { writeFile } from 'node:fs/promises';
      import sharp from 'sharp';
      import { heic } from ${JSON.stringify(path.join(workspace, 'tools/sample/heic.mjs'))};
      const [width, height] = [900, 600];
      const data = Buffer.alloc(width * height * 3);
      for (let i = 0, s = 1; i < data.length; i++) { s = (Math.imul(s, 1103515245) + 12345) & 0x7fffffff; data[i] = 100 + 60 * Math.sin(i / 911) + 50 * Math.cos(i / width / 90) + ((s >> 16) & 15); }
      await writeFile(process.argv[1], await heic(sharp(data, { raw: { width, height, channels: 3 } }), { width, height, tiff: Buffer.from('II*\\0\\x08\\0\\0\\0\\0\\0\\0\\0\\0\\0', 'latin1'), rotation: 1 }));`;
    await run(process.execPath, ['--input-type=module', '-e', script, at], { cwd: workspace });
    return readFile(at);
  };

  it('becomes smaller by new tiles; damage is found', async () => {
    const original = await make();
    const outcome = await scene.compress(original);
    succeeded(outcome);
    expect(outcome.bytes.length).toBeLessThan(original.length);
    await expect(scene.compress(original.subarray(0, original.length * 0.7))).rejects.toMatchObject({ code: 'MEDIA_CORRUPT' });
    // no decoder finds all damage in HEVC; what two of them make of it differently is not passed off as the same picture
    const holed = Buffer.concat([original.subarray(0, 3000), Buffer.alloc(2000, 0xab), original.subarray(5000)]);
    const { proof } = await scene.compress(holed).catch((error: unknown) => ({ proof: error }));
    expect(proof).toMatchObject({ code: expect.stringMatching(/MEDIA_CORRUPT|PROOF_FAILED/) as string });
    await expect(scene.compress(original, { maxMegapixels: 0.1 })).rejects.toMatchObject({ code: 'MEDIA_TOO_LARGE' });
  }, 120_000);
});
