import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { ExifTool, type WriteTags } from 'exiftool-vendored';
import { PipelineError } from '@media-pipeline/contracts';

/** Beside this file, with its extension: `.js` as built, `.ts` under the test runner (Node strips the types itself). */
const program = path.join(__dirname, `heic-to-jpeg.worker${path.extname(__filename)}`);

interface Size {
  readonly width: number;
  readonly height: number;
}
type Answer = { readonly value: Size } | { readonly error: string };

/** A field that no picture has. Without one of its own exiftool-vendored adds `-FileName<FileName`, which would rename the target. */
const noField = { 'ItemList:Encoder': null } as WriteTags;

/** HEIC → JPEG with the same EXIF, XMP and colour profile. One exiftool process, started at its first use; `close` ends it. */
export class HeicToJpeg {
  private readonly exiftool = new ExifTool({ maxProcs: 1, taskTimeoutMillis: 60_000 });

  /** @param source, target absolute; the target is written anew. @throws MEDIA_CORRUPT, PROGRAM_FAILED, the signal's reason */
  async convert(source: string, target: string, signal: AbortSignal): Promise<void> {
    const answer = await inThread({ source, target }, signal);
    if ('error' in answer) throw new PipelineError('MEDIA_CORRUPT', `the HEIC cannot be decoded: ${answer.error}`);
    await this.write(target, ['-TagsFromFile', source, '-EXIF', '-XMP', '-ICC_Profile']);
    // The pixels are upright now, whatever the camera wrote. A step of its own: a block is copied last.
    const { width, height } = answer.value;
    await this.write(target, ['-IFD0:Orientation#=1', '-XMP-tiff:Orientation=', `-ExifIFD:ExifImageWidth=${width}`, `-ExifIFD:ExifImageHeight=${height}`]);
  }

  async close(): Promise<void> {
    await this.exiftool.end();
  }

  private async write(target: string, args: string[]): Promise<void> {
    await this.exiftool.write(target, noField, { writeArgs: ['-overwrite_original', '-m', ...args] }).catch((error: unknown) => {
      throw new PipelineError('PROGRAM_FAILED', `exiftool could not write the tags: ${String(error)}`, { cause: error });
    });
  }
}

/** A file may be made so that its decoder never ends; 200 million pixels take some two minutes. */
const longestMs = 15 * 60_000;

async function inThread(workerData: { readonly source: string; readonly target: string }, signal: AbortSignal): Promise<Answer> {
  signal.throwIfAborted();
  const worker = new Worker(program, { workerData });
  let abort: () => void = () => undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Answer>((resolve, reject) => {
      worker.once('message', (answer: Answer) => resolve(answer));
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new PipelineError('PROGRAM_FAILED', `the HEIC decoder ended with code ${code}`)));
      abort = () => { reject(signal.reason instanceof Error ? signal.reason : new Error('aborted')); };
      signal.addEventListener('abort', abort, { once: true });
      timer = setTimeout(() => { resolve({ error: `it was not through after ${longestMs / 60_000} minutes` }); }, longestMs);
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    await worker.terminate();
  }
}
