/**
 * What a picture is coded by, and how strongly. Beside sharp this file imports nothing: it is also loaded by path into worker threads.
 */
import type { ChromaSteps, SamplePlane } from '@media-pipeline/media';
import sharp from 'sharp';

/** Interleaved samples of 8 bits. */
export interface Raw {
  readonly data: Buffer;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
}

/**
 * The quantisation tables of mozjpeg that are used, by their number there. `coarseness`: how much coarser than Annex K's a table of the same
 * quality is, measured by the MS-SSIM that it gives on ten cameras' photos; quality means something else for each of them.
 */
export const jpegTables = {
  /** ITU-T T.81 annex K: what nearly all encoders use. */
  'annex-k': { number: 0, coarseness: 1 },
  /** By N. Robidoux, mozjpeg's default; chroma has the same one. */
  robidoux: { number: 3, coarseness: 1.2 },
  /** Made for PSNR-HVS-M; chroma has the same one. */
  'psnr-hvs-m': { number: 4, coarseness: 0.87 },
} as const;
export type JpegTable = keyof typeof jpegTables;

/** libjpeg's quality as the share by which it multiplies a table. */
const scaleOf = (quality: number): number => (quality < 50 ? 50 / quality : 2 - quality / 50);
const qualityOf = (scale: number): number => Math.min(100, Math.max(1, Math.round(scale > 1 ? 50 / scale : 100 - scale * 50)));

/** The quality at which a table does about what another one does at its quality. */
export const sameQuality = (quality: number, from: JpegTable, to: JpegTable): number => qualityOf((scaleOf(quality) * jpegTables[from].coarseness) / jpegTables[to].coarseness);

export const codeWebp = (raw: Raw, quality: number): Promise<Buffer> => imageOf(raw).webp({ quality, alphaQuality: 100, effort: 4 }).toBuffer();

export const codeJpeg = (raw: Raw, quality: number, table: JpegTable, chroma: '4:2:0' | '4:4:4'): Promise<Buffer> =>
  imageOf(raw).jpeg({ quality, mozjpeg: true, quantisationTable: jpegTables[table].number, chromaSubsampling: chroma }).toBuffer();

const imageOf = ({ data, width, height, channels }: Raw): sharp.Sharp => sharp(data, { raw: { width, height, channels }, limitInputPixels: false }).toColourspace(channels < 3 ? 'b-w' : 'srgb');

/** A picture whose planes are coded one by one: 4:2:2 and other arrangements that libvips does not write. */
export interface Planes {
  readonly steps: ChromaSteps;
  readonly planes: readonly [SamplePlane, SamplePlane, SamplePlane];
}

/** Each plane as a grey JPEG, to be put together by assemblePlanes. Chroma has the table that gives it most for its bytes. */
export async function codePlanes({ planes: [luma, cb, cr] }: Planes, quality: number, table: JpegTable, chromaQuality: number): Promise<readonly Buffer[]> {
  return [await codePlane(luma, quality, table), await codePlane(cb, chromaQuality, chromaTable), await codePlane(cr, chromaQuality, chromaTable)];
}

const chromaTable: JpegTable = 'robidoux';
const codePlane = (plane: SamplePlane, quality: number, table: JpegTable): Promise<Buffer> => codeJpeg({ ...plane, data: Buffer.from(plane.data.buffer, plane.data.byteOffset, plane.data.byteLength), channels: 1 }, quality, table, '4:2:0');

/**
 * How much coarser chroma may be quantised than luma. A usual encoder draws chroma out, averages it again, and loses some of it before it
 * quantises; planes that are coded as they were stored lose nothing there, and colours come out no worse with so much more lost afterwards.
 */
export interface ChromaLeeway {
  /** What drawing out and averaging would lose: root mean square, in levels. */
  readonly softening: number;
  /** What quantising loses for each unit of its scale. */
  readonly quantising: number;
}

/** Colours are seen less sharply than light: annex K, too, has coarser steps for them. */
const chromaCoarseness = 1.2;
const mostLeeway = 2;

/** The quality of chroma beside luma of a searched quality. */
export function chromaQualityFor(quality: number, table: JpegTable, { softening, quantising }: ChromaLeeway): number {
  const scale = scaleOf(quality) * jpegTables[table].coarseness * chromaCoarseness;
  return qualityOf(scale * Math.min(mostLeeway, Math.hypot(1, softening / Math.max(1e-6, quantising * scale))));
}

/** Measured on the planes of a sample, and on what averaging would have made of them. */
export async function chromaLeeway({ planes }: Planes, averaged: Planes): Promise<ChromaLeeway> {
  const quality = 80;
  let [softened, quantised] = [0, 0];
  for (const index of [1, 2] as const) {
    const { data } = planes[index];
    softened += distance(data, averaged.planes[index].data) / 2;
    quantised += distance(data, await greyOf(await codePlane(planes[index], quality, chromaTable))) / 2;
  }
  return { softening: Math.sqrt(softened), quantising: Math.sqrt(quantised) / scaleOf(quality) };
}

const greyOf = (jpeg: Buffer): Promise<Buffer> => sharp(jpeg).toColourspace('b-w').raw().toBuffer();

function distance(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += ((a[index] as number) - (b[index] as number)) ** 2;
  return sum / Math.max(1, a.length);
}
