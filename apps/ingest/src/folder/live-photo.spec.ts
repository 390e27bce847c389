import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadConfig } from '@media-pipeline/config';
import { Library } from '@media-pipeline/files';
import { DiskDoctor } from './adapters/disk-doctor';
import { MediaInspector } from './adapters/media-inspector';
import { AssetFinder } from './asset-finder';
import type { SourceFile } from './source-file';

const identifier = '9C4DA5D1-3B0C-4C59-AE9D-1D2E4C0B7F11';
const box = (type: string, ...content: Buffer[]): Buffer => {
  const body = Buffer.concat(content);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 8);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, body]);
};
const words = (...values: number[]): Buffer => Buffer.concat(values.map((value) => Buffer.from([value >>> 24, value >>> 16, value >>> 8, value])));
/** A QuickTime file with nothing but the metadata key that Apple puts into the movie of a Live Photo. */
const movie = (id: string): Buffer => {
  const name = Buffer.from('com.apple.quicktime.content.identifier');
  const keys = box('keys', words(0, 1, name.length + 8), Buffer.from('mdta'), name);
  const list = box('ilst', box('\0\0\0\u0001', box('data', words(1, 0), Buffer.from(id))));
  const handler = box('hdlr', words(0, 0), Buffer.from('mdta'), Buffer.alloc(13));
  return Buffer.concat([box('ftyp', Buffer.from('qt  '), words(0), Buffer.from('qt  ')), box('moov', box('meta', handler, keys, list))]);
};
const jpeg = (id: string): Buffer => Buffer.concat([Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex'), Buffer.from(`Apple iOS\0${id}\0`), Buffer.from('ffd9', 'hex')]);
const raw = Buffer.concat([Buffer.from('49492a00100000004352020000000000', 'hex'), Buffer.alloc(64)]); // a CR2 begins like this

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pairs-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function put(name: string | Buffer, data: Buffer): Promise<SourceFile> {
  const place = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name)]);
  await writeFile(place, data);
  return { place, sourcePath: place.toString('latin1'), path: Buffer.from(name).toString('latin1'), bytes: data.length, fingerprint: '', modifiedAt: new Date(0), changedAt: new Date(0) };
}
async function kinds(...files: SourceFile[]): Promise<string[]> {
  const { config } = loadConfig({ env: {}, overrides: { NAS_MOUNT: folder } });
  const { groups, refused } = await new AssetFinder(new MediaInspector(), new DiskDoctor(config, Library.at(folder))).find(files);
  expect(refused).toEqual([]);
  return groups.map(({ kind, files: members }) => [kind, ...members.map(({ file, role }) => `${role}=${file.path}`)].join(' '));
}

it('pairs image and movie that carry the same identifier', async () => {
  expect(await kinds(await put('IMG_1.JPG', jpeg(identifier)), await put('img_1.MOV', movie(identifier)))).toEqual(['live_photo primary=IMG_1.JPG live_video=img_1.MOV']);
});

it('does not pair what only shares a name', async () => {
  const other = identifier.replace('9C', '9D');
  expect(await kinds(await put('IMG_1.JPG', jpeg(identifier)), await put('IMG_1.MOV', movie(other)))).toEqual(['photo primary=IMG_1.JPG', 'video primary=IMG_1.MOV']);
});

it('pairs a RAW with its JPEG', async () => {
  expect(await kinds(await put('IMG_1.CR2', raw), await put('IMG_1.JPG', jpeg('')))).toEqual(['raw_jpeg primary=IMG_1.JPG raw=IMG_1.CR2']);
});

it('pairs files whose names are no valid UTF-8', async () => {
  const odd = Buffer.from([0xff, 0x31]);
  const pair = [await put(Buffer.concat([odd, Buffer.from('.jpg')]), jpeg(identifier)), await put(Buffer.concat([odd, Buffer.from('.mov')]), movie(identifier))] as const;
  expect(await kinds(...pair)).toEqual(['live_photo primary=ÿ1.jpg live_video=ÿ1.mov']);
});
