import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { loadConfig } from '@media-pipeline/config';
import type { LibraryPath } from '@media-pipeline/contracts';
import { hashFile, Library } from '@media-pipeline/files';
import { Database, type AssetWithFiles, type FileRole } from '@media-pipeline/schema';
import { workspaceRoot } from '@media-pipeline/testing';
import { ExifTool } from 'exiftool-vendored';
import { CodecImageEncoder, CodecImageProver, ImageCodecs } from '../adapters/image';
import { defaultFfmpegOptions, Ffmpeg, FfmpegVideoEncoder, FfmpegVideoProver, MovieTags } from '../adapters/video';
import { CompressorService } from '../compressor.service';
import { FileCompressor } from '../file-compressor';
import { Renderer } from '../renderer';
import { Workshop } from '../workshop';

const run = promisify(execFile);
const slowestMs = 120_000;

/** What became of one file. */
export interface Ended {
  readonly place: LibraryPath;
  readonly content: Awaited<ReturnType<typeof hashFile>>;
  readonly asset: AssetWithFiles;
  /** What the stage threw, if it did. */
  readonly error: unknown;
}

/** The stage as it is, with its real programs, on a library and a database of its own, without a broker. */
export class RealStage {
  private count = 0;

  private constructor(
    readonly library: Library,
    readonly database: Database,
    private readonly exiftool: ExifTool,
    private readonly ffmpeg: Ffmpeg,
    private readonly codecs: ImageCodecs,
  ) {}

  static async open(): Promise<RealStage> {
    const library = Library.at(await mkdtemp(path.join(tmpdir(), 'media-stage-')));
    await library.prepare();
    const database = await Database.open({ kind: 'sqlite', file: path.join(library.root, 'pipeline.sqlite') });
    const [exiftool, ffmpeg] = [new ExifTool({ maxProcs: 1 }), new Ffmpeg({ ...defaultFfmpegOptions, stallMs: 30_000 })];
    return new RealStage(library, database, exiftool, ffmpeg, new ImageCodecs(ffmpeg, exiftool));
  }

  async close(): Promise<void> {
    await this.codecs.onModuleDestroy();
    await this.exiftool.end();
    await this.database.close();
    await rm(this.library.root, { recursive: true });
  }

  /** Puts the bytes where ingest does and lets the stage have them; the file gets a number before its name. */
  async compress(name: string, bytes: Buffer, { settings = {}, role = 'primary' }: { settings?: Record<string, string>; role?: FileRole } = {}): Promise<Ended> {
    const filename = `${String(++this.count).padStart(4, '0')} ${name}`;
    const place = `originals/${filename}` as LibraryPath;
    await mkdir(this.library.areas.originals, { recursive: true });
    await writeFile(this.library.absolute(place), bytes);
    const content = await hashFile(this.library.absolute(place));
    const file = { role, filename, path: place, bytes: content.bytes, sourcePath: filename, fingerprint: '1:1:1', modifiedAt: new Date() };
    const [asset] = await this.database.assets.reserve([{ source: 'folder', sourceKey: filename, kind: 'photo', files: [file] }]);
    if (!asset?.files[0]) throw new Error('nothing reserved');
    const log = { step: 'ingest', status: 'info', message: 'here', assetId: asset.id } as const;
    await this.database.assets.arrived(asset.id, [{ fileId: asset.files[0].id, ...content }], log);
    await this.database.assets.move(asset.id, 'discovered', 'unique', log);
    const attendance = { signal: AbortSignal.timeout(slowestMs), report: () => undefined };
    const error: unknown = await this.service(settings).compress({ assetId: asset.id }, attendance).then(() => null, (thrown: unknown) => thrown);
    return { place, content, error, asset: (await this.database.assets.find(asset.id)) ?? asset };
  }

  /** What a failed or finished attempt must never leave beside the renditions. */
  async leftBehind(): Promise<string[]> {
    return (await readdir(this.library.areas.compressed)).filter((name) => name.startsWith('.'));
  }

  private service(overrides: Record<string, string>): CompressorService {
    const settings = loadConfig({ env: {}, overrides: { NAS_MOUNT: this.library.root, VIDEO_PRESET: 'ultrafast', ...overrides } }).config;
    const tags = new MovieTags(this.exiftool);
    const workshop = new Workshop(settings, new CodecImageEncoder(this.codecs), new CodecImageProver(this.codecs), new FfmpegVideoEncoder(this.ffmpeg), new FfmpegVideoProver(this.ffmpeg, tags));
    return new CompressorService(settings, this.database, new FileCompressor(settings, this.library, this.database, new Renderer(workshop)));
  }
}

/** A small HEIC like a phone's, by the maker of the sample library: 512-pixel tiles, a grid, EXIF. */
export async function makeHeic(folder: string, jpeg: Buffer): Promise<Buffer> {
  const [source, target] = [path.join(folder, 'made.jpg'), path.join(folder, 'made.heic')];
  const script = `
    import { writeFile } from 'node:fs/promises';
    import sharp from 'sharp';
    import { heic } from ${JSON.stringify(path.join(workspaceRoot, 'tools/sample/heic.mjs'))};
    await writeFile(process.argv[1], await heic(sharp(process.argv[2]).resize(600, 400), { width: 600, height: 400, tiff: Buffer.from('II*\\0\\x08\\0\\0\\0\\0\\0\\0\\0\\0\\0', 'latin1') }));`;
  await writeFile(source, jpeg);
  await run(process.execPath, ['--input-type=module', '-e', script, target, source], { cwd: workspaceRoot });
  return readFile(target);
}

/** A second of moving picture and sound, heavy enough in bits for something to be gained. @param name its ending is the container */
export async function makeMovie(folder: string, name: string, ...options: readonly string[]): Promise<Buffer> {
  const file = path.join(folder, name);
  const inputs = ['-f', 'lavfi', '-i', 'testsrc2=d=1:s=192x144:r=15', '-f', 'lavfi', '-i', 'sine=d=1'];
  await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...inputs, '-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-crf', '8', '-preset', 'ultrafast', '-c:a', 'aac', '-shortest', ...options, file]);
  return readFile(file);
}
