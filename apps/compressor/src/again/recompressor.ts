import { rm } from 'node:fs/promises';
import { dirname } from 'node:path/posix';
import { Injectable } from '@nestjs/common';
import { PipelineError, toPipelineError, type ErrorCode, type LibraryPath, type RenditionProof } from '@media-pipeline/contracts';
import { hashFile, Library } from '@media-pipeline/files';
import { identify } from '@media-pipeline/media';
import { Database, type Recompression, type Swap } from '@media-pipeline/schema';
import { Settings } from '@media-pipeline/stage';
import { isPassing, type Keep } from '../policy';
import { compressionSettings, recipeOf } from '../recipe';
import { Renderer, type Attendance, type Rendered } from '../renderer';
import { askedOf, parseObject, type Due } from './due';
import { Exchange, stagedPath } from './exchange';

/** An attempt that has given no sign for so long was that of a process that is gone. */
const leaseMs = 10 * 60_000;
const heartbeatMs = 60_000;
/** What was not possible for the machine or the original is tried again after so long. */
export const postponeMs = 30 * 24 * 3_600_000;

/** Nothing can be done with any other file either: the pass ends, and nothing is remembered. */
const endsThePass: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['DISK_FULL', 'LIBRARY_READ_ONLY', 'IO_ERROR', 'DATABASE_UNAVAILABLE', 'DATABASE_CORRUPT']);

export type Tried = { readonly outcome: 'replaced'; readonly bytes: number } | ({ readonly outcome: 'kept' | 'postponed' } & { readonly code: string; readonly reason: string });

/** Makes one rendition again, from its archived original alone. */
@Injectable()
export class Recompressor {
  constructor(
    private readonly settings: Settings,
    private readonly library: Library,
    private readonly database: Database,
    private readonly renderer: Renderer,
    private readonly exchange: Exchange,
  ) {}

  /**
   * @param alone nothing else works on the library: an attempt that a process had begun is taken over at once
   * @returns null when another process is at it, or has settled it
   * @throws what is in the way of every file (a full disk …), or the signal's reason
   */
  async again(due: Due, alone: boolean, attendance: Attendance): Promise<Tried | null> {
    const { file, asked } = due;
    const now = Date.now();
    const limits = { abandonedBefore: new Date(alone ? now + 1 : now - leaseMs), postponedBefore: new Date(now - postponeMs) };
    const claimed = await this.database.recompressions.claim({ fileId: file.id, assetId: file.assetId, asked }, limits);
    if (!claimed) return null;
    const { claim, supersedes } = claimed;
    if (supersedes !== null) await this.discard(stagedPath(this.library, supersedes, due.rendition.path));
    const lost = new AbortController();
    const heartbeat = setInterval(() => void this.database.recompressions.renew(claim).then((ours) => ours || lost.abort(new Error('another process has taken the file over')), () => undefined), heartbeatMs).unref();
    let made: Tried | Swap;
    try {
      made = await this.attempt(due, claim, { ...attendance, signal: AbortSignal.any([attendance.signal, lost.signal]) });
    } catch (thrown) {
      const error = toPipelineError(thrown);
      if (attendance.signal.aborted || lost.signal.aborted || endsThePass.has(error.code)) {
        await this.database.recompressions.release(claim);
        throw thrown;
      }
      return await this.postpone(claim, { code: error.code, reason: error.message });
    } finally {
      clearInterval(heartbeat);
    }
    if ('outcome' in made) return made;
    await this.exchange.finish({ ...claim, swap: made });
    return { outcome: 'replaced', bytes: made.bytes };
  }

  /** Up to the point where the exchange stands in the database and has to be finished by whoever comes. */
  private async attempt(due: Due, claim: Recompression, attendance: Attendance): Promise<Tried | Swap> {
    const staged = stagedPath(this.library, claim.token, due.rendition.path);
    let swapping = false;
    try {
      const result = await this.render(due, staged, attendance);
      if ('code' in result) return isPassing(result.code) ? await this.postpone(claim, result) : await this.keep(claim, result);
      const { bytes } = result;
      const most = due.rendition.bytes * (1 - this.settings.compression.minSaving);
      if (bytes > most || bytes >= due.rendition.bytes) return await this.keep(claim, { code: 'NOT_SMALLER', reason: `made again it would have ${bytes} bytes, the present rendition has ${due.rendition.bytes}` });
      const swap = await this.plan(due, staged, result);
      swapping = await this.begin(due, claim, swap);
      if (!swapping) throw new PipelineError('CONTENT_CHANGED', `the rendition of ${due.file.filename} was changed while it was made again.`);
      return swap;
    } finally {
      if (!swapping) await this.discard(staged);
    }
  }

  /** Both files are read and hashed before anything is made of the one or instead of the other. */
  private async render(due: Due, staged: LibraryPath, attendance: Attendance): Promise<Keep | Rendered> {
    const { file, original, rendition, family } = due;
    const source = this.library.absolute(original);
    await this.assertIs(original, file.sha256, 'the original that arrived');
    await this.assertIs(rendition.path, rendition.sha256, 'the rendition that was made');
    const type = await identify(source);
    if (!type) throw new PipelineError('NOT_MEDIA', `${original} is neither a photo nor a video.`);
    if (type.family !== family) return { code: 'UNSUPPORTED_VARIANT', reason: `the original is ${type.family === 'image' ? 'an image' : 'a video'}, the rendition was made as ${family}` };
    if (family === 'image' && type.format !== 'jpeg' && onlySizeDiffers(due)) return { code: 'NOT_SMALLER', reason: 'only JPEGs are resized' };
    return this.renderer.render({ source, type, target: this.library.absolute(staged), settings: compressionSettings(this.settings.compression, 'subsequent'), label: file.filename }, attendance);
  }

  private async assertIs(path: LibraryPath, sha256: string, what: string): Promise<void> {
    const found = await hashFile(this.library.absolute(path), 'library');
    if (found.sha256 !== sha256) throw new PipelineError('CONTENT_CHANGED', `${path} is not ${what}: its SHA-256 is ${found.sha256}, not ${sha256}.`);
  }

  private async plan({ file, original, rendition, family }: Due, staged: LibraryPath, { sha256, bytes, made, findings, search }: Rendered): Promise<Swap> {
    const proof: RenditionProof | null = findings && {
      version: 1,
      source: { sha256: file.sha256, bytes: file.bytes },
      result: { sha256, bytes },
      decoded: true,
      ...findings,
      ...(search && { search }),
      madeAgain: { from: 'archived original', path: original, earlier: { sha256: rendition.sha256, bytes: rendition.bytes } },
      encoder: { ...made },
    };
    return {
      ...{ staged, path: rendition.path, archivedPath: await this.archivedCopy(rendition), sha256, bytes },
      ...{ settings: recipeOf(family, compressionSettings(this.settings.compression, 'subsequent')), proof: proof && JSON.stringify(proof), earlierSha256: rendition.sha256, earlierBytes: rendition.bytes },
    };
  }

  /** The rendition's copy in the archive; what somebody has edited or taken away there is not ours to exchange. */
  private async archivedCopy({ archivedPath, sha256 }: Due['rendition']): Promise<LibraryPath | null> {
    if (archivedPath === null) return null;
    const found = await hashFile(this.library.absolute(archivedPath), 'library').catch(() => null);
    return found?.sha256 === sha256 ? archivedPath : null;
  }

  /** Only while the asset is where it was, with the rendition that was looked at. */
  private begin({ file, rendition }: Due, claim: Recompression, swap: Swap): Promise<boolean> {
    return this.database.write(async ({ assets, recompressions }) => {
      const asset = await assets.find(file.assetId);
      const same = asset?.renditions.some(({ id, sha256, path }) => id === rendition.id && sha256 === rendition.sha256 && path === rendition.path);
      return same === true && (asset?.state === 'sorted' || asset?.state === 'completed') && (await recompressions.beginSwap(claim, swap));
    });
  }

  private async keep(claim: Recompression, { code, reason }: Keep): Promise<Tried> {
    await this.database.write(async ({ recompressions, log }) => {
      await recompressions.settle(claim, 'kept', { code, reason });
      await log.write({ step: 'compressor', status: 'info', assetId: claim.assetId, code, message: `the rendition stays as it is; compressed again: ${reason}` });
    });
    return { outcome: 'kept', code, reason };
  }

  private async postpone(claim: Recompression, { code, reason }: { readonly code: string; readonly reason: string }): Promise<Tried> {
    await this.database.write(async ({ recompressions, log }) => {
      await recompressions.settle(claim, 'postponed', { code, reason });
      await log.write({ step: 'compressor', status: 'warning', assetId: claim.assetId, code, message: `not compressed again: ${reason}` });
    });
    return { outcome: 'postponed', code, reason };
  }

  private async discard(staged: LibraryPath): Promise<void> {
    await rm(dirname(this.library.absolute(staged)), { recursive: true, force: true });
  }
}

/** Whether quality is asked for as before, so that only the number of pixels could make the file smaller. */
function onlySizeDiffers({ rendition, asked }: Due): boolean {
  const quality = (json: string): string => JSON.stringify(Object.entries(parseObject(json) ?? {}).filter(([key]) => key !== 'resizePercentage'));
  return quality(askedOf(rendition.settings)) === quality(asked);
}
