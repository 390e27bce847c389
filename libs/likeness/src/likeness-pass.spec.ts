import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { LibraryPath } from '@media-pipeline/contracts';
import { hashFile, Library } from '@media-pipeline/files';
import { Database } from '@media-pipeline/schema';
import type { Nearness } from './judge/compare';
import { relationOf, type Shot } from './judge/relation';
import { LikenessPass } from './likeness-pass';

let folder: string;
let library: Library;
let database: Database;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'likeness-'));
  library = Library.at(folder);
  await library.prepare();
  database = await Database.open({ kind: 'sqlite', file: path.join(folder, 'db.sqlite') });
});
afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});

/** A landscape of its own for each seed; `person` is where somebody stands. */
function scene(seed: number, person = 0.5): Sharp {
  const next = (n: number): number => (Math.sin(seed * 12.9898 + n * 78.233) * 43758.5453) % 1;
  const shade = (n: number): string => `rgb(${[0, 1, 2].map((i) => Math.round(Math.abs(next(n + i)) * 200 + 20)).join()})`;
  const things = Array.from({ length: 9 }, (_, i) => `<ellipse cx="${Math.abs(next(i * 5)) * 800}" cy="${Math.abs(next(i * 5 + 1)) * 600}" rx="${40 + Math.abs(next(i * 5 + 2)) * 120}" ry="${40 + Math.abs(next(i * 5 + 3)) * 90}" fill="${shade(i * 3)}"/>`);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="800" height="600"><rect width="800" height="600" fill="${shade(99)}"/>${things.join('')}<rect x="${person * 800 - 40}" y="300" width="80" height="220" fill="${shade(50)}"/></svg>`;
  return sharp(Buffer.from(svg)).flatten();
}
const taken = (time: string) => ({ IFD2: { DateTimeOriginal: `2021:05:03 ${time}`, OffsetTimeOriginal: '+02:00' } });

async function add(name: string, picture: Sharp): Promise<string> {
  const place = LibraryPath.parse(`originals/${name}`);
  await mkdir(library.areas.originals, { recursive: true });
  await picture.toFile(library.absolute(place));
  const content = await hashFile(library.absolute(place));
  const asset = await database.assets.adopt(place, { filename: name, kind: 'photo', ...content, modifiedAt: new Date() });
  await database.assets.move(asset.id, 'discovered', 'unique', { step: 'dedupe', status: 'success', message: 'new', assetId: asset.id });
  return asset.id;
}

describe('the search for similar pictures', () => {
  it('proposes copies and bursts with the best one, tells other pictures apart, and is done once', async () => {
    const original = await add('IMG_1.jpg', scene(1).withExif(taken('12:00:00')).jpeg({ quality: 92 }));
    const small = await add('small.jpg', scene(1).resize(300).jpeg({ quality: 60 }));
    const turned = await add('turned.webp', scene(1).rotate(90).webp());
    const sharpShot = await add('IMG_20.jpg', scene(7, 0.4).withExif(taken('13:00:00')).jpeg({ quality: 92 }));
    const blurred = await add('IMG_21.jpg', scene(7, 0.45).blur(4).withExif(taken('13:00:01')).jpeg({ quality: 92 }));
    for (const seed of [3, 4, 5]) await add(`IMG_3${seed}.jpg`, scene(seed).withExif(taken(`1${seed}:30:00`)).jpeg());
    await add('black.jpg', sharp({ create: { width: 200, height: 200, channels: 3, background: '#000' } }).jpeg());
    const pass = new LikenessPass(database, library);
    const early = await pass.run({ maxMegapixels: 100, mayGoOn: () => false });
    expect(early).toEqual({ looked: 0, unreadable: 0, compared: 0, groups: 0, finished: false });
    expect(await pass.run({ maxMegapixels: 100 })).toMatchObject({ looked: 9, unreadable: 1, groups: 2, finished: true });
    const groups = await database.likeness.groups({ limit: 10 });
    expect(groups.map(({ kind, bestAssetId, members }) => [kind, bestAssetId, members.map(({ assetId }) => assetId).sort()])).toEqual([
      ['burst', sharpShot, [sharpShot, blurred].sort()],
      ['copy', original, [original, small, turned].sort()],
    ]);
    expect(groups.map(({ why }) => why)).toEqual([expect.stringMatching(/^sharpest/), expect.stringContaining('more pixels')]);
    expect(groups[1]?.members.find(({ assetId }) => assetId === turned)?.why).toContain('turned by');
    expect(await pass.run({ maxMegapixels: 100 })).toMatchObject({ looked: 0, compared: 0, groups: 2, finished: true });
  });

  it('remembers what cannot be read, until it is asked to try again', async () => {
    const place = LibraryPath.parse('originals/gone.jpg');
    const asset = await database.assets.adopt(place, { filename: 'gone.jpg', kind: 'photo', sha256: 'f'.repeat(64), bytes: 1, modifiedAt: new Date() });
    await database.assets.move(asset.id, 'discovered', 'unique', { step: 'dedupe', status: 'success', message: 'new', assetId: asset.id });
    const pass = new LikenessPass(database, library);
    expect(await pass.run({ maxMegapixels: 100 })).toMatchObject({ looked: 1, unreadable: 1 });
    expect(await pass.run({ maxMegapixels: 100 })).toMatchObject({ looked: 0 });
    await database.likeness.forgetProblems();
    expect(await pass.run({ maxMegapixels: 100 })).toMatchObject({ looked: 1, unreadable: 1 });
  });
});

describe('two pictures', () => {
  const shot = (changes: Partial<Shot> = {}): Shot => ({ assetId: 'a', filename: 'IMG_0001.JPG', bytes: 1, width: 4000, height: 3000, durationMs: null, takenAt: '2021-05-03T12:00:00+02:00', sharpness: 1, kind: 'photo', ...changes });
  const near: Nearness = { structure: 0.97, unmarked: 0.99, worst: 0.9, colour: 2, overlap: 1 };
  it.each<[string, Partial<Shot>, Partial<Nearness>, string]>([
    ['the same moment', { filename: 'IMG_0001-small.jpg', width: 800, height: 600 }, {}, 'copy'],
    ['no date', { takenAt: null }, {}, 'copy'],
    ['no date, and something moved', { takenAt: null }, { worst: 0.4 }, 'alike'],
    ['a second later', { takenAt: '2021-05-03T12:00:02+02:00', filename: 'IMG_0002.JPG' }, { structure: 0.7 }, 'burst'],
    ['the same second, the next number', { filename: 'IMG_0002.JPG' }, { structure: 0.99 }, 'burst'],
    ['an hour later from a tripod', { takenAt: '2021-05-03T13:00:00+02:00' }, {}, 'alike'],
    ['the same wall clock in another zone', { takenAt: '2021-05-03T12:00:00-04:00' }, { structure: 0.6 }, 'different'],
    ['the same moment, its zone lost', { filename: 'IMG_0001-small.jpg', takenAt: '2021-05-03T12:00:00' }, {}, 'copy'],
    ['an hour later, its zone lost', { takenAt: '2021-05-03T13:00:00' }, {}, 'alike'],
    ['black and white', { takenAt: null }, { colour: 40 }, 'different'],
    ['a video', { durationMs: 1000 }, {}, 'different'],
  ])('%s', (_name, other, nearness, relation) => expect(relationOf(shot(), shot({ assetId: 'b', ...other }), { ...near, ...nearness }).relation).toBe(relation));

  it('are said to be as far apart as they are', () => {
    const later = (takenAt: string): string => relationOf(shot(), shot({ assetId: 'b', takenAt }), near).why;
    expect(['12:00:01', '12:00:20', '12:45:00', '18:00:00'].map((time) => /([\d.]+ \w+) apart/.exec(later(`2021-05-03T${time}+02:00`))?.[1])).toEqual(['1.0 s', '20 s', '45 min', '6 h']);
  });

  it('of videos must be as long as each other to be copies', () => {
    const video = (durationMs: number): Shot => shot({ durationMs, takenAt: null });
    expect(relationOf(video(60_000), video(60_200), near).relation).toBe('copy');
    expect(relationOf(video(60_000), video(30_000), near).relation).toBe('alike');
  });
});
