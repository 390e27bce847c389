import { exiftoolPath } from 'exiftool-vendored';
import { z } from 'zod';
import { PipelineError } from '@media-pipeline/contracts';
import { outputOf } from './program';

const base64 = z.string().startsWith('base64:').transform((text) => Buffer.from(text.slice('base64:'.length), 'base64'));
const Answer = z.tuple([z.object({ JpgFromRaw: base64.optional(), PreviewImage: base64.optional(), Orientation: z.number().optional(), ImageSize: z.string().optional() })]);

/** Clockwise, by EXIF's Orientation; the mirrored ones are made by no camera. */
const turns: Readonly<Record<number, number>> = { 3: 180, 6: 90, 8: 270 };

export interface RawPreview {
  /** As the sensor saw it, unless it says otherwise itself. */
  readonly jpeg: Buffer;
  /** Degrees clockwise that make it upright. */
  readonly turn: number;
  /** Of the raw picture, upright; null where the file does not say. */
  readonly width: number | null;
  readonly height: number | null;
}

/** The largest JPEG that the camera put into its raw file, by the ExifTool that comes with the pipeline. @throws MEDIA_CORRUPT, PROGRAM_MISSING */
export async function readRawPreview(file: string): Promise<RawPreview> {
  const printed = await outputOf(await exiftoolPath(), ['-json', '-b', '-n', '-JpgFromRaw', '-PreviewImage', '-IFD0:Orientation', '-ImageSize', file]);
  const [{ JpgFromRaw, PreviewImage, Orientation = 1, ImageSize = '' }] = Answer.parse(JSON.parse(printed.toString('utf8')));
  const jpeg = JpgFromRaw ?? PreviewImage;
  if (!jpeg) throw new PipelineError('MEDIA_CORRUPT', 'the raw file has no preview');
  const turn = turns[Orientation] ?? 0;
  const [, width, height] = /^(\d+)[ x](\d+)$/.exec(ImageSize) ?? [];
  const [across, down] = turn % 180 === 0 ? [width, height] : [height, width];
  return { jpeg, turn, width: across === undefined ? null : Number(across), height: down === undefined ? null : Number(down) };
}
