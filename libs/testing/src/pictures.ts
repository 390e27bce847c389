import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { seededRandom } from './random';

export interface PictureFolder {
  readonly directory: string;
  /** Path below the directory → what it is. */
  readonly files: ReadonlyMap<string, 'picture' | 'duplicate' | 'broken'>;
}

/** One small JPEG that looks like something, unlike any other seed's, with a capture date in its EXIF. */
export async function makePicture(seed: number, { width = 160, height = 120, date = '2021:05:03 12:00:00' }: { width?: number; height?: number; date?: string } = {}): Promise<Buffer> {
  const random = seededRandom(seed);
  const pixels = Buffer.alloc(width * height * 3);
  const [red, green, blue] = [random(), random(), random()];
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const noise = random() * 24;
      pixels[at++] = (x / width) * 200 * red + noise;
      pixels[at++] = (y / height) * 200 * green + noise;
      pixels[at++] = ((x + y) / (width + height)) * 200 * blue + noise;
    }
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .withExif({ IFD0: { Make: 'Example', Model: `Camera ${seed % 7}` }, IFD2: { DateTimeOriginal: date, OffsetTimeOriginal: '+02:00' } })
    .jpeg({ quality: 95 })
    .toBuffer();
}

/** Grey noise about the middle, the same for the same seed: the hardest picture to compress. libvips makes noise too, but other noise each time. @param spread standard deviation, of 255 */
export function makeNoise({ width, height, channels = 3, spread = 40, seed = 1 }: { width: number; height: number; channels?: 3 | 4; spread?: number; seed?: number }): sharp.Sharp {
  const random = seededRandom(seed);
  const pixels = Buffer.alloc(width * height * channels, 128);
  for (let at = 0; at < pixels.length; at++) {
    if (at % channels === 3) continue;
    // the sum of three is near enough to a Gaussian
    pixels[at] = Math.min(255, Math.max(0, 128 + (random() + random() + random() - 1.5) * 2 * spread));
  }
  return sharp(pixels, { raw: { width, height, channels } });
}

/** Fills `directory` with `count` pictures in a few folders: every 20th is a byte-identical copy of another, every 50th is cut short. */
export async function makePictureFolder(directory: string, count: number, seed: number): Promise<PictureFolder> {
  const files = new Map<string, 'picture' | 'duplicate' | 'broken'>();
  for (let index = 0; index < count; index++) {
    const day = String((index % 28) + 1).padStart(2, '0');
    const name = `album ${index % 5}/IMG_${String(index).padStart(4, '0')}.JPG`;
    const target = path.join(directory, name);
    await mkdir(path.dirname(target), { recursive: true });
    if (index % 20 === 19) {
      const twin = `album ${(index - 1) % 5}/IMG_${String(index - 1).padStart(4, '0')}.JPG`;
      await copyFile(path.join(directory, twin), target);
      files.set(name, 'duplicate');
      continue;
    }
    const picture = await makePicture(seed * 100_000 + index, { date: `2021:${String((index % 12) + 1).padStart(2, '0')}:${day} 10:00:00` });
    const broken = index % 50 === 25;
    await writeFile(target, broken ? picture.subarray(0, picture.length >> 1) : picture);
    files.set(name, broken ? 'broken' : 'picture');
  }
  return { directory, files };
}

export const readPicture = (folder: PictureFolder, name: string): Promise<Buffer> => readFile(path.join(folder.directory, name));
