// How many changed copies are found, and how many other pictures are taken for one: looked at, searched and judged by the built library.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import sharp from 'sharp';
import { changes, open, others, scene } from './dedupe-scenes.mjs';
import { root } from './pipeline.mjs';

const library = () => createRequire(import.meta.url)(path.join(root, 'dist/libs/likeness/src/index.js'));
const exif = (seconds) => {
  const at = new Date(Date.UTC(2021, 4, 3, 12, 0, 0) + seconds * 1000).toISOString();
  return { IFD2: { DateTimeOriginal: `${at.slice(0, 10).replaceAll('-', ':')} ${at.slice(11, 19)}`, OffsetTimeOriginal: '+00:00' } };
};

/** One row per change: of `scenes` drawn scenes, and of the corpus's photos where they are. */
export async function likeness(place, { scenes = 40, corpus = path.join(root, '..', 'shared', 'corpus') } = {}) {
  const { lookAtFile, candidatesOf, compare, readSketch, relationOf, turn } = library();
  sharp.concurrency(1);
  await mkdir(place, { recursive: true });
  const originals = [];
  for (let seed = 1; seed <= scenes; seed++) originals.push({ name: `IMG_${1000 + seed}`, seed, picture: await scene(seed) });
  for (const name of (await readdir(corpus).catch(() => [])).filter((file) => /\.jpe?g$/i.test(file))) {
    const { data, info } = await sharp(path.join(corpus, name)).autoOrient().resize(1600, 1600, { fit: 'inside' }).removeAlpha().toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
    originals.push({ name: `corpus-${name}`, seed: null, picture: { data, width: info.width, height: info.height } });
  }
  let looked = 0;
  let lookMs = 0;
  const shots = new Map();
  /** Looks at a picture as a file. `taken` null: no date, as messengers send it. */
  const look = async (id, pipeline, filename, taken) => {
    const bytes = await (taken === null ? pipeline : pipeline.withExif(exif(taken))).toBuffer();
    const file = path.join(place, 'picture.bin');
    await writeFile(file, bytes);
    const began = performance.now();
    const { frames, width, height, durationMs, takenAt } = await lookAtFile(file, { maxMegapixels: 300 });
    lookMs += performance.now() - began;
    looked += 1;
    await rm(file);
    const [frame] = frames;
    shots.set(id, { print: { fileId: id, frame: 0, assetId: id, version: 1, ...frame, problem: null, width, height, durationMs, takenAt }, sketch: await readSketch(frame.sketch), shot: { assetId: id, filename, bytes: bytes.length, width, height, durationMs, takenAt, sharpness: frame.sharpness, kind: 'photo' } });
  };
  const wanted = [];
  for (const [index, { name, seed, picture }] of originals.entries()) {
    const key = String(index).padStart(4, '0');
    const time = index * 90_000;
    await look(`${key}-original`, open(picture).jpeg({ quality: 93 }), `${name}.JPG`, time);
    for (const [change, make] of Object.entries(changes)) {
      // half of the copies have lost their date
      await look(`${key}-${change}`, make(picture), `${name}.jpg`, index % 2 ? time : null);
      wanted.push({ row: change, of: `${key}-original`, is: `${key}-${change}`, copy: true });
    }
    if (seed === null) continue;
    for (const [order, [other, { gap, views }]] of Object.entries(others).entries()) {
      for (const dated of [true, false]) {
        const label = `${other}${dated ? '' : ' (dates lost)'}`;
        for (const [n, view] of views.entries()) await look(`${key}-${label}-${n}`, open(await scene(seed, { view })).jpeg({ quality: 93 }), dated ? `IMG_${2000 + index * 4 + n}.JPG` : `photo${index}-${n}.jpg`, dated ? 50_000_000 + time + order * 10_000 + n * gap : null);
        wanted.push({ row: label, of: `${key}-${label}-0`, is: `${key}-${label}-1`, copy: false });
      }
    }
  }
  const began = performance.now();
  const candidates = await candidatesOf([...shots.values()].map(({ print }) => print).filter(({ bits }) => bits !== null), { burstGapMs: 3000 });
  const verdicts = new Map();
  for (const { firstId, secondId, quarters } of candidates) {
    const [a, b] = [shots.get(firstId), shots.get(secondId)];
    verdicts.set([firstId, secondId].sort().join('|'), relationOf(a.shot, b.shot, compare(a.sketch, turn(b.sketch, quarters))).relation);
  }
  const judgeMs = performance.now() - began;
  const rows = new Map();
  for (const { row, of, is, copy } of wanted) {
    const counts = rows.get(row) ?? { row, copy, pairs: 0, near: 0, copies: 0, bursts: 0, alike: 0 };
    const verdict = verdicts.get([of, is].sort().join('|'));
    counts.pairs += 1;
    if (verdict !== undefined) counts.near += 1;
    if (verdict === 'copy') counts.copies += 1;
    if (verdict === 'burst') counts.bursts += 1;
    if (verdict === 'alike') counts.alike += 1;
    rows.set(row, counts);
  }
  // pictures of different scenes have nothing to do with each other, whatever was done to them
  const foreign = [...verdicts].filter(([key]) => new Set(key.split('|').map((id) => id.slice(0, 4))).size === 2);
  const perScene = shots.size / originals.length;
  return {
    rows: [...rows.values()],
    scenes: originals.length,
    foreign: { pairs: Math.round((shots.size * (shots.size - perScene)) / 2), near: foreign.length, copies: foreign.filter(([, verdict]) => verdict === 'copy').length, alike: foreign.filter(([, verdict]) => verdict === 'alike' || verdict === 'burst').length },
    looksPerSecond: looked / (lookMs / 1000),
    judgeMsPerPair: judgeMs / Math.max(1, candidates.length),
  };
}
