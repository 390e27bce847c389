import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { ExifTool } from 'exiftool-vendored';
import { contentOf } from '@media-pipeline/icloud';
import { identify, readCaptureDate } from '@media-pipeline/media';
import type { Batch } from '@media-pipeline/schema';
import sharp from 'sharp';
import { Converter } from '../adapters/convert/converter';
import type { Outgoing } from '../upload-route.port';
import { eachInItsOwnScene } from './own-scene';
import { photos } from './samples';
import { sha256, working, type UploadScene } from './scene';

const corpus = path.resolve(__dirname, '../../../../../shared/corpus');
const run = promisify(execFile);
const dated = { useMetadata: true, fallbackToFileDate: false, filename: 'x', modifiedAt: null };

/** A real file, or null with a message. */
async function fromCorpus(name: string): Promise<Buffer | null> {
  return await readFile(path.join(corpus, name)).catch(() => {
    console.warn(`skipped: ${name} is not in ../shared/corpus`);
    return null;
  });
}

let scene: UploadScene;
let work: string;
const exiftool = new ExifTool({ maxProcs: 1 });
eachInItsOwnScene((opened) => (scene = opened));
beforeAll(async () => (work = await mkdtemp(path.join(tmpdir(), 'conversion-'))));
afterAll(async () => {
  await exiftool.end();
  await rm(work, { recursive: true });
});

const tagsOf = async (file: string): Promise<Record<string, unknown>> => await exiftool.readRaw<Record<string, unknown>>(file, { readArgs: ['-G1', '-n', '-api', 'QuickTimeUTC=0'] });

async function movie(name: string, ...more: string[]): Promise<Buffer> {
  const file = path.join(work, name);
  await run('ffmpeg', ['-y', '-v', 'error', '-f', 'lavfi', '-i', 'testsrc=s=160x120:r=10:d=1', '-f', 'lavfi', '-i', 'sine=d=1', '-pix_fmt', 'yuv420p', '-metadata', 'creation_time=2020-02-03T04:05:06Z', '-metadata', 'location=+48.1000+011.5000/', ...more, file]);
  return await readFile(file);
}

const evidenceOf = async (batch: Batch): Promise<Record<string, unknown>[]> => (await scene.deliveries(batch)).map(({ name, state, evidence }) => ({ name, state, ...(JSON.parse(evidence ?? '{}') as Record<string, unknown>) }));
const put = () => scene.icloud.uploads.assets.map(({ fileName, type }) => [fileName, type]);

async function converted(converter: Converter, name: string, data: Buffer): Promise<Outgoing> {
  const file = path.join(work, name);
  await writeFile(file, data);
  return await converter.convert({ id: `d-${name.replace(/\W/g, '')}`, path: file, name, bytes: data.length, sha256: '', checksum: '', modifiedAt: new Date('2021-05-03T12:00:00Z'), putAt: null }, new Set(), working().signal);
}

describe('a conversion', () => {
  let converter: Converter;
  beforeEach(() => (converter = new Converter(scene.library)));
  afterEach(async () => await converter.onModuleDestroy());

  it.each(['IMG_2927.HEIC', 'parfait.heic', 'live-image.heic', 'heic-iphone.heic'])('of %s is a JPEG, upright, with its profile, its EXIF and its date, always the same', async (name) => {
    const data = await fromCorpus(name);
    if (data === null) return;
    const jpeg = await converted(converter, name, data);
    expect(await identify(jpeg.path)).toMatchObject({ format: 'jpeg' });
    expect(path.basename(jpeg.path)).toBe(`${path.parse(name).name}.JPG`);
    const source = path.join(work, name);
    const [before, after] = await Promise.all([source, jpeg.path].map(async (file) => await tagsOf(file)));
    // an iPhone's portrait lies on its side in the file
    const upright = await sharp(jpeg.path).metadata();
    expect([upright.width, upright.height].sort()).toEqual([3024, 4032]);
    expect(after?.['IFD0:Orientation']).toBe(1);
    expect(upright.width).toBe(after?.['ExifIFD:ExifImageWidth']);
    for (const tag of ['ExifIFD:DateTimeOriginal', 'ExifIFD:SubSecTimeOriginal', 'ExifIFD:OffsetTimeOriginal', 'IFD0:Model', 'GPS:GPSLatitude', 'GPS:GPSLongitude', 'Apple:ContentIdentifier', 'ICC_Profile:ProfileDescription', 'XMP-xmp:CreateDate']) expect([tag, after?.[tag]]).toEqual([tag, before?.[tag]]);
    expect(upright.icc).toBeDefined();
    const [taken, still] = await Promise.all([source, jpeg.path].map(async (file) => await readCaptureDate(file, dated)));
    expect(still).toEqual(taken);
    if (name === 'parfait.heic') expect((await converted(converter, name, data)).sha256).toBe(jpeg.sha256);
    await converter.discard([jpeg]);
    expect(await scene.under('compressed')).toEqual([]);
  });

  it('of a video keeps every coded picture, the turn, the date and the place', async () => {
    await movie('turned.mp4');
    await run('ffmpeg', ['-y', '-v', 'error', '-i', path.join(work, 'turned.mp4'), '-c', 'copy', '-metadata:s:v:0', 'rotate=90', path.join(work, 'VID_1.MP4')]);
    const mov = await converted(converter, 'VID_1.MP4', await readFile(path.join(work, 'VID_1.MP4')));
    expect(await identify(mov.path)).toMatchObject({ format: 'mov' });
    const [before, after] = await Promise.all([path.join(work, 'VID_1.MP4'), mov.path].map(async (file) => await tagsOf(file)));
    for (const tag of ['QuickTime:CreateDate', 'Track1:TrackCreateDate', 'Track1:MatrixStructure', 'UserData:GPSCoordinates', 'Composite:Rotation', 'Track1:MediaDuration']) expect([tag, after?.[tag]]).toEqual([tag, before?.[tag]]);
    expect((await converted(converter, 'VID_1.MP4', await readFile(path.join(work, 'VID_1.MP4')))).sha256).toBe(mov.sha256);
  });

  it('of a real MP4 keeps what a phone wrote into it', async () => {
    const data = await fromCorpus('with-gps.mp4');
    if (data === null) return;
    const mov = await converted(converter, 'with-gps.mp4', data);
    const [taken, still] = await Promise.all([path.join(work, 'with-gps.mp4'), mov.path].map(async (file) => await readCaptureDate(file, dated)));
    expect(still).toEqual(taken);
    expect(await exiftool.readRaw(mov.path, { readArgs: ['-n'] })).toMatchObject({ GPSLatitude: 51.4169, AndroidVersion: '6.0.1' });
  });

  it('of HEVC is called as Apple’s players know it', async () => {
    const mov = await converted(converter, 'hevc.mp4', await movie('h.mp4', '-c:v', 'libx265', '-x265-params', 'log-level=none', '-tag:v', 'hev1'));
    const { stdout } = await run('ffprobe', ['-v', 'error', '-select_streams', 'v', '-show_entries', 'stream=codec_tag_string', '-of', 'csv=p=0', mov.path]);
    expect(stdout.trim()).toBe('hvc1');
    await run('ffmpeg', ['-v', 'error', '-xerror', '-i', mov.path, '-f', 'null', '-']);
  });

  it('is not to be had of what cannot be decoded, nor of another kind', async () => {
    const heic = Buffer.concat([Buffer.from('0000001866747970686569630000000068656963', 'hex'), Buffer.from('heic')]);
    await expect(converted(converter, 'broken.HEIC', heic)).rejects.toMatchObject({ code: 'MEDIA_CORRUPT' });
    await expect(converted(converter, 'broken.mp4', (await movie('cut.mp4')).subarray(0, 900))).rejects.toMatchObject({ code: 'MEDIA_CORRUPT' });
    await expect(converted(converter, 'a.gif', Buffer.from('GIF89a\0\0\0'))).rejects.toMatchObject({ code: 'ICLOUD_TYPE_REFUSED' });
    expect(await scene.under('compressed')).toEqual([]);
  });
});

describe.each([['http'], ['browser'], ['auto']] as const)('a batch by the %s route', (route) => {
  const settings = { ICLOUD_UPLOAD_ROUTE: route, ICLOUD_REFUSED_TYPES: 'convert' };
  beforeEach(() => {
    scene.icloud.uploads.refusedTypes = ['public.heic', 'public.mpeg-4'];
  });

  it('goes as JPEG and QuickTime where HEIC and MP4 are refused, once each, and lies unchanged among what was uploaded', async () => {
    const heic = route === 'auto' ? null : await fromCorpus('IMG_2927.HEIC');
    const mp4 = await movie('a.mp4');
    const files = { ...photos(2), ...(heic && { 'IMG_9.HEIC': heic }), 'VID_1.MP4': mp4 };
    const batch = await scene.batch(files);
    await scene.signIn();
    expect(await scene.deliver(batch, scene.service(settings))).toMatchObject({ kind: 'done' });
    expect(put().sort()).toEqual([['IMG_1.JPG', 'public.jpeg'], ['IMG_2.JPG', 'public.jpeg'], ...(heic ? [['IMG_9.JPG', 'public.jpeg']] : []), ['VID_1.MOV', 'com.apple.quicktime-movie']]);
    const evidence = await evidenceOf(batch);
    expect(evidence.map(({ state }) => state)).toEqual(evidence.map(() => 'there'));
    for (const { sha256: hash, fileName, checksum } of scene.icloud.uploads.assets.slice(2)) {
      expect(evidence).toContainEqual(expect.objectContaining({ checksum, converted: { into: fileName.endsWith('MOV') ? 'QuickTime' : 'JPEG', name: fileName, sha256: hash } }));
    }
    expect(await scene.under('compressed')).toEqual([]);
    const folder = path.basename(batch.path);
    for (const [name, data] of Object.entries(files)) expect(sha256(await readFile(path.join(scene.library.areas['uploaded/icloud'], folder, name)))).toBe(sha256(data));
    expect(await scene.under('bridge/icloud')).toEqual([]);

    // the same file once more: its conversion is known again
    const twice = await scene.batch({ 'again.MP4': mp4 });
    await scene.deliver(twice, scene.service(settings));
    expect(new Set(scene.copies().values())).toEqual(new Set([1]));
    expect((await evidenceOf(twice)).map(({ converted: made }) => made)).not.toContain(undefined);
  });

  it.each([
    ['after the put, before it is seen', (): void => { scene.icloud.uploads.indexingMs = { least: 900, most: 1_200 }; }],
    ['while the put is answered', (): void => { scene.icloud.faults.after('putAsset.dropAfter', route === 'browser' ? 0 : 1); }],
  ] as const)('goes once when it is killed %s', async (_, trouble) => {
    const files = { 'VID_1.MP4': await movie('k.mp4') };
    const batch = await scene.batch(files);
    await scene.signIn();
    trouble();
    const killed = new AbortController();
    const service = scene.service(settings);
    const report = (): void => {
      if (scene.icloud.uploads.assets.length > 0) killed.abort(new Error('killed'));
    };
    const watch = setInterval(report, 5);
    const end = await service.deliver({ batchId: batch.id }, { signal: killed.signal, report }).then(() => 'done', () => 'killed');
    clearInterval(watch);
    const [before] = await evidenceOf(batch);
    if (end === 'killed') expect(before).toMatchObject({ putAt: null, conversions: [{ into: 'QuickTime', name: 'VID_1.MOV', putAt: expect.any(String) as unknown }] });
    await scene.deliver(batch, scene.service(settings));
    expect([...scene.copies().values()]).toEqual([1]);
    expect(await evidenceOf(batch)).toEqual([expect.objectContaining({ state: 'there', converted: expect.objectContaining({ into: 'QuickTime' }) as unknown })]);
    expect(await scene.under('compressed')).toEqual([]);
  });

  it('fails for the one that cannot be converted, and goes on with the rest', async () => {
    const broken = Buffer.concat([Buffer.from('0000001866747970686569630000000068656963', 'hex'), Buffer.from('heic')]);
    const files = { ...photos(1), 'IMG_9.HEIC': broken, 'VID_1.MP4': await movie('f.mp4') };
    const batch = await scene.batch(files);
    await scene.signIn();
    await scene.deliver(batch, scene.service(settings));
    expect((await scene.deliveries(batch)).map(({ name, state }) => [name, state])).toEqual([['IMG_1.JPG', 'proven'], ['IMG_9.HEIC', 'failed'], ['VID_1.MP4', 'proven']]);
    expect((await evidenceOf(batch))[1]).toMatchObject({ code: 'MEDIA_CORRUPT', reason: expect.stringContaining('cannot be decoded') as unknown });
  });
});

it('finds what another version of the programs has made of a file, and sends nothing', async () => {
  scene.icloud.uploads.refusedTypes = ['public.mpeg-4'];
  scene.icloud.uploads.indexingMs = { least: 1_500, most: 1_600 };
  const batch = await scene.batch({ 'VID_1.MP4': await movie('o.mp4') });
  await scene.signIn();
  const older = jest.spyOn(Converter.prototype, 'convert').mockImplementationOnce(async function (this: Converter, file, taken, signal) {
    older.mockRestore();
    const made = await this.convert(file, taken, signal);
    const data = Buffer.concat([await readFile(made.path), Buffer.from('00000008736b6970', 'hex')]);
    await writeFile(made.path, data);
    await utimes(made.path, made.modifiedAt, made.modifiedAt);
    const content = await contentOf(made.path);
    return { ...made, ...content, converted: { into: 'QuickTime', name: made.name, ...content } };
  });
  const killed = new AbortController();
  const watch = setInterval(() => {
    if (scene.icloud.uploads.assets.length > 0) killed.abort(new Error('killed'));
  }, 5);
  await expect(scene.service({ ICLOUD_REFUSED_TYPES: 'convert' }).deliver({ batchId: batch.id }, { signal: killed.signal, report: () => undefined })).rejects.toThrow('killed');
  clearInterval(watch);
  await scene.deliver(batch, scene.service({ ICLOUD_REFUSED_TYPES: 'convert' }));
  expect([...scene.copies().values()]).toEqual([1]);
  expect((await evidenceOf(batch))[0]).toMatchObject({ state: 'there', converted: { into: 'QuickTime' } });
});
