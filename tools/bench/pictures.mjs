// Folders of pictures for measuring: made by the project itself, the same for the same seed.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';

/** A seeded generator (mulberry32), values in [0, 1). */
export function seededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Smooth shapes with sensor-like noise, so that an encoder has the work that a photo gives it. */
function scene(width, height, seed) {
  const random = seededRandom(seed);
  const waves = Array.from({ length: 6 }, () => [random() * 0.02, random() * 0.02, random() * 6.28, 20 + random() * 40]);
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let value = 120;
      for (const [fx, fy, phase, height_] of waves) value += Math.sin(x * fx + y * fy + phase) * height_ * 0.5;
      const noise = random() * 14;
      pixels[at++] = Math.max(0, Math.min(255, value + noise));
      pixels[at++] = Math.max(0, Math.min(255, value * 0.9 + noise));
      pixels[at++] = Math.max(0, Math.min(255, value * 0.7 + noise));
    }
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

/** `count` JPEGs of the given size, each unlike the others, with capture dates spread over 2021. */
export async function photos(directory, { count, width, height, quality = 92 }) {
  await mkdir(directory, { recursive: true });
  for (let index = 0; index < count; index++) {
    const date = `2021:${String((index % 12) + 1).padStart(2, '0')}:${String((index % 28) + 1).padStart(2, '0')} 10:00:00`;
    const bytes = await scene(width, height, index + 1)
      .withExif({ IFD0: { Make: 'Example', Model: 'Bench' }, IFD2: { DateTimeOriginal: date, OffsetTimeOriginal: '+01:00' } })
      .jpeg({ quality })
      .toBuffer();
    await writeFile(path.join(directory, `IMG_${String(index).padStart(5, '0')}.JPG`), bytes);
  }
}

/** `count` small JPEGs, made from one by giving each its own comment: valid, distinct, and quick to make. */
export async function smallFiles(directory, count, { perFolder = 500 } = {}) {
  const random = seededRandom(7);
  const base = await Promise.all(
    Array.from({ length: 24 }, (_, month) =>
      scene(64, 48, month + 100)
        .withExif({ IFD0: { Make: 'Example' }, IFD2: { DateTimeOriginal: `20${20 + (month % 4)}:${String((month % 12) + 1).padStart(2, '0')}:15 12:00:00`, OffsetTimeOriginal: '+01:00' } })
        .jpeg()
        .toBuffer(),
    ),
  );
  for (let index = 0; index < count; index++) {
    const folder = path.join(directory, `folder ${Math.floor(index / perFolder)}`);
    if (index % perFolder === 0) await mkdir(folder, { recursive: true });
    const text = Buffer.from(`${index} ${random()}`);
    const comment = Buffer.concat([Buffer.from([0xff, 0xfe, 0, text.length + 2]), text]);
    const picture = base[index % base.length];
    await writeFile(path.join(folder, `IMG_${String(index).padStart(5, '0')}.JPG`), Buffer.concat([picture.subarray(0, 2), comment, picture.subarray(2)]));
  }
}
