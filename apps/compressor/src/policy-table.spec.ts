import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { hashFile } from '@media-pipeline/files';
import { writeBox } from '@media-pipeline/media';
import type { FileRole } from '@media-pipeline/schema';
import { makeDng, makeNoise, makePicture, workspaceRoot } from '@media-pipeline/testing';
import sharp from 'sharp';
import { makeHeic, makeMovie, RealStage } from './e2e/real-stage';
import { keepCodes, type KeepCode } from './keep-code';

/** The table of docs/COMPRESSION.md, code by code, with a file for each through the whole stage, and found by its code afterwards. */
let stage: RealStage;
let jpeg: Buffer;
beforeAll(async () => {
  stage = await RealStage.open();
  jpeg = await makePicture(3, { width: 480, height: 360 });
});
afterAll(() => stage.close());

/** The JPEG with one more APP1 segment. */
const tagged = (text: string): Buffer => {
  const head = Buffer.from([0xff, 0xe1, 0, 0]);
  head.writeUInt16BE(text.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, Buffer.from(text, 'latin1'), jpeg.subarray(2)]);
};
const xmp = (attributes: string): Buffer => tagged(`http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/"><x ${attributes}/></x:xmpmeta>`);
const movie = (name: string, ...options: string[]): Promise<Buffer> => makeMovie(stage.library.root, name, ...options);

/** Puts a box behind the sample entry's own ones, as other recorders do; `moov` has to lie at the end. */
function withSampleEntryBox(file: Buffer, type: string): Buffer {
  const bytes = Buffer.from(file);
  const box = writeBox(type, Buffer.alloc(24, 1));
  const entry = bytes.indexOf('avc1', bytes.indexOf('stsd')) - 4;
  const end = entry + bytes.readUInt32BE(entry);
  for (const name of ['moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd']) {
    const at = bytes.indexOf(name, bytes.lastIndexOf('moov')) - 4;
    bytes.writeUInt32BE(bytes.readUInt32BE(at) + box.length, at);
  }
  bytes.writeUInt32BE(bytes.readUInt32BE(entry) + box.length, entry);
  return Buffer.concat([bytes.subarray(0, end), box, bytes.subarray(end)]);
}

interface Case {
  readonly name: string;
  readonly make: () => Buffer | Promise<Buffer>;
  readonly settings?: Record<string, string>;
  readonly role?: FileRole;
}

const cases: Partial<Record<KeepCode, readonly Case[]>> = {
  ALREADY_SMALL: [{ name: 'tiny.jpg', make: () => sharp({ create: { width: 20, height: 20, channels: 3, background: 'red' } }).jpeg().toBuffer() }],
  ANIMATED: [{ name: 'two.gif', make: async () => sharp(Buffer.concat([await makeNoise({ width: 80, height: 80 }).raw().toBuffer(), await makeNoise({ width: 80, height: 80, seed: 2 }).raw().toBuffer()]), { raw: { width: 80, height: 160, channels: 3, pageHeight: 80 } }).gif().toBuffer() }],
  BURST: [{ name: 'burst.jpg', make: () => xmp('GCamera:BurstID="7"'), settings: { COMPRESSION_KEEP: 'burst' } }],
  COMPRESSION_OFF: [
    { name: 'off.jpg', make: () => jpeg, settings: { ENABLE_COMPRESSION: 'false' } },
    { name: 'image off.jpg', make: () => xmp('a="1"'), settings: { ENABLE_IMAGE_COMPRESSION: 'false' } },
  ],
  DEPTH: [{ name: 'depth.jpg', make: () => xmp('xmlns:GDepth="http://ns.google.com/photos/1.0/depthmap/"'), settings: { COMPRESSION_KEEP: 'depth' } }],
  DOLBY_VISION: [{ name: 'dolby.mov', make: async () => withSampleEntryBox(await movie('dolby.mov'), 'dvvC') }],
  EDITED: [{ name: 'edited.jpg', make: () => Buffer.concat([jpeg, Buffer.from('PhotoEditor_Re_Edit_Data….SEFT', 'latin1')]), settings: { COMPRESSION_KEEP: 'edited' } }],
  GRAFT_OFF: [{ name: 'graft.heic', make: () => makeHeic(stage.library.root, jpeg), settings: { PAYLOAD_GRAFT_HEIC: 'off' } }],
  HDR: [{ name: 'hlg.mov', make: () => movie('hlg.mov', '-color_primaries', 'bt2020', '-color_trc', 'arib-std-b67', '-colorspace', 'bt2020nc') }],
  HDR_GAIN_MAP: [{ name: 'gain map.jpg', make: () => xmp('xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/"'), settings: { COMPRESSION_KEEP: 'gain_map' } }],
  METADATA_WOULD_CHANGE: [{ name: 'time code.mov', make: () => movie('time code.mov', '-timecode', '01:00:00:00'), settings: { PAYLOAD_GRAFT_VIDEO: 'off' } }],
  MOTION_PHOTO: [{ name: 'motion.jpg', make: () => xmp('GCamera:MotionPhoto="1"'), settings: { COMPRESSION_KEEP: 'motion_photo' } }],
  MULTI_PAGE: [{ name: 'two.tif', make: async () => sharp(await makeNoise({ width: 80, height: 160 }).raw().toBuffer(), { raw: { width: 80, height: 160, channels: 3, pageHeight: 80 } }).tiff({ compression: 'none' }).toBuffer() }],
  NEEDS_MEMORY: [{ name: 'memory.jpg', make: () => makePicture(4, { width: 1200, height: 900 }), settings: { MEMORY_LIMIT: '70MB' } }],
  NOT_SMALLER: [{ name: 'coarse.jpg', make: () => makeNoise({ width: 300, height: 200 }).jpeg({ quality: 30, mozjpeg: true }).toBuffer() }],
  QUALITY_OUT_OF_REACH: [{ name: 'noise.jpg', make: () => makeNoise({ width: 400, height: 300 }).jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer(), settings: { QUALITY_TARGET: '0.9999' } }],
  RAW: [{ name: 'raw.dng', make: () => makeDng(jpeg, { width: 4000, height: 3000, orientation: 1 }) }],
  SCREENSHOT: [{ name: 'screen.jpg', make: () => tagged('Exif\0\0…ASCII\0\0\0Screenshot') }],
  SIDECAR: [{ name: 'IMG_1.AAE', make: () => Buffer.from('<?xml version="1.0"?><plist/>'), role: 'sidecar' }],
  SPATIAL: [{ name: 'spatial.mov', make: async () => withSampleEntryBox(await movie('spatial.mov'), 'vexu') }],
  UNSUPPORTED_FORMAT: [
    { name: 'a.avif', make: () => sharp(jpeg).avif({ effort: 0 }).toBuffer() },
    { name: 'a.webm', make: () => movie('a.webm', '-c:v', 'libvpx', '-b:v', '1M', '-c:a', 'libopus') },
  ],
  UNSUPPORTED_VARIANT: [
    { name: 'cmyk.jpg', make: () => sharp(jpeg).toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer() },
    { name: 'prores.mov', make: () => movie('prores.mov', '-c:v', 'prores_ks', '-pix_fmt', 'yuv422p10le', '-profile:v', '0') },
  ],
};
/** These say something of a moment or a machine, or need a file that cannot be made so quickly; where they are tried. */
const elsewhere: Partial<Record<KeepCode, string>> = {
  ALREADY_COMPRESSED: 'below',
  RUN_LIMIT: 'compressor.service.spec.ts',
  TIMED_METADATA: 'adapters/video/video.spec.ts',
  PROOF_FAILED: 'adapters/image/images.spec.ts, adapters/video/video.spec.ts',
  ENCODER_MISSING: 'compressor.service.spec.ts',
  ENCODER_FAILED: 'adapters/video/video-quality.spec.ts',
};

describe('the policy table', () => {
  it('names every code once, and tries each', async () => {
    const [, table = ''] = /## What is left alone(.*?)\n## /s.exec(await readFile(path.join(workspaceRoot, 'docs/COMPRESSION.md'), 'utf8')) ?? [];
    const documented = [...table.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code);
    expect(documented.sort()).toEqual(Object.keys(keepCodes).sort());
    expect([...Object.keys(cases), ...Object.keys(elsewhere)].sort()).toEqual(Object.keys(keepCodes).sort());
  });

  const all = Object.entries(cases).flatMap(([code, files]) => files.map((file) => [code, file.name, file] as const));
  it.each(all)('%s: %s is passed on, untouched, and found by its code', async (code, name, { make, ...how }) => {
    const { asset, content, error, place } = await stage.compress(name, await make(), how);
    expect({ error, rendition: asset.renditions[0] }).toMatchObject({ error: null, rendition: { outcome: 'kept', code, path: null, reason: expect.stringMatching(/^.{8,}/) as string } });
    expect(asset.state).toBe('compressed');
    expect(await hashFile(stage.library.absolute(place))).toEqual(content);
    expect((await stage.database.assets.list({ code, limit: 50 })).map(({ id }) => id)).toContain(asset.id);
  });

  it('knows a rendition that comes back as its own', async () => {
    const { asset } = await stage.compress('first.jpg', jpeg, { settings: { JPEG_QUALITY: '70' } });
    const made = asset.renditions[0];
    expect(made?.outcome).toBe('compressed');
    if (!made?.path) return;
    const again = await stage.compress('back.jpg', await readFile(stage.library.absolute(made.path)));
    expect(again.asset.renditions[0]).toMatchObject({ outcome: 'kept', code: 'ALREADY_COMPRESSED', reason: expect.stringContaining(asset.id) as string });
  });

  it('leaves nothing behind', async () => expect(await stage.leftBehind()).toEqual([]));
});
