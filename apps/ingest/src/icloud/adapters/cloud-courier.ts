import { lstat, open, readdir, unlink, utimes } from 'node:fs/promises';
import path from 'node:path';
import { Injectable } from '@nestjs/common';
import { PipelineError, type LibraryPath } from '@media-pipeline/contracts';
import { copyDurably, errnoOf, fileError, Library, makeDirectories, publish } from '@media-pipeline/files';
import { compareChecksums, contentHash, isKnownKind, type CloudResource, type DownloadOptions, type Downloader } from '@media-pipeline/icloud';
import { Database, type ArrivedFile, type MediaFile } from '@media-pipeline/schema';
import { otherPlaces } from '../../other-places';

const chunkBytes = 1024 * 1024;

/** A file whose every byte is on this disk, verified and synced; `part` is where, until it has its name. */
export interface Fetched {
  readonly file: MediaFile;
  readonly sha256: string;
  readonly bytes: number;
  readonly checksum: string | null;
  /** Null: it lies at its place already. */
  readonly part: string | null;
  /** It did not have to be downloaded. */
  readonly copied: boolean;
}

/**
 * Brings the bytes of a file of iCloud to the place that was reserved for them, in two steps, so that the files of an asset get their names
 * only when all of them are here. Parts lie beside the originals (on their file system), are named after the file they are of, and are gone
 * on with after a crash.
 */
@Injectable()
export class CloudCourier {
  constructor(
    private readonly library: Library,
    private readonly database: Database,
  ) {}

  /** @throws as Downloader.download; DISK_FULL, LIBRARY_READ_ONLY, IO_ERROR */
  async fetch(downloader: Downloader, file: MediaFile, resource: CloudResource, options: DownloadOptions): Promise<Fetched> {
    // A crash between the names of two files leaves one at its place: it need not come again.
    const there = await this.alreadyPlaced(file, resource);
    const checksum = isKnownKind(resource.checksum) ? resource.checksum : null;
    if (there !== null) return { file, ...there, checksum, part: null, copied: false };
    const part = this.partOf(file);
    await makeDirectories(path.dirname(part));
    const known = await this.copyOfKnown(resource, part, options.signal);
    if (known !== null) return { file, ...known, checksum, part, copied: true };
    return { file, ...(await downloader.download(resource, part, options)), checksum, part, copied: false };
  }

  /** Gives a fetched file its name, durably and without overwriting anything, and its time. */
  async place({ file, sha256, bytes, checksum, part }: Fetched): Promise<ArrivedFile> {
    if (part === null) return { fileId: file.id, sha256, bytes, checksum };
    if (file.modifiedAt !== null) await utimes(part, file.modifiedAt, file.modifiedAt).catch(() => undefined); // not every file system knows years before 1970
    for (const place of [file.path, ...otherPlaces(this.library, file)]) {
      try {
        if (place !== file.path) await this.database.assets.setFilePath(file.id, place);
        await this.name(part, place, { sha256, bytes });
        return { fileId: file.id, sha256, bytes, checksum };
      } catch (error) {
        if (!(error instanceof PipelineError) || error.code !== 'NAME_CONFLICT') throw error;
      }
    }
    throw new PipelineError('IO_ERROR', `no free name for ${file.path}`);
  }

  /** Forgets what was fetched of a file that will not come. */
  async discard(file: Pick<MediaFile, 'id'>): Promise<void> {
    await remove(this.partOf(file));
  }

  /** Removes every part: only while nothing is on its way. */
  async discardAll(): Promise<void> {
    const folder = this.partsFolder();
    for (const name of await readdir(folder).catch(() => [])) await remove(path.join(folder, name));
  }

  private partsFolder(): string {
    return this.library.absolute(this.library.path('originals', '.icloud-parts'));
  }

  private partOf({ id }: Pick<MediaFile, 'id'>): string {
    return path.join(this.partsFolder(), `${id}.part`);
  }

  private async name(part: string, place: LibraryPath, content: { readonly sha256: string; readonly bytes: number }): Promise<void> {
    const target = this.library.absolute(place);
    try {
      await makeDirectories(path.dirname(target));
      await publish(part, target, content);
    } catch (error) {
      throw fileError(error, target, 'library');
    }
  }

  /** Content that is in the library under another name, by its checksum: taken from there, hashed on the way. Null where it is to be downloaded. */
  private async copyOfKnown({ bytes, checksum }: CloudResource, part: string, signal: AbortSignal | undefined): Promise<{ readonly sha256: string; readonly bytes: number } | null> {
    const known = await this.database.assets.findContent(checksum);
    if (known?.bytes !== bytes) return null;
    for (const place of known.paths) {
      try {
        // A part that a download has begun is no copy of it: it stays, and the download goes on.
        const { sha256 } = await copyDurably(this.library.absolute(place), part, { expected: known, ...(signal && { signal }) });
        return { sha256, bytes };
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof PipelineError) || error.code === 'DISK_FULL' || error.code === 'LIBRARY_READ_ONLY') throw error;
      }
    }
    return null;
  }

  private async alreadyPlaced(file: MediaFile, resource: CloudResource): Promise<{ readonly sha256: string; readonly bytes: number } | null> {
    const place = this.library.absolute(file.path);
    const stats = await lstat(place).catch(() => null);
    if (stats === null || !stats.isFile() || stats.size !== resource.bytes) return null;
    const { sha256, checksum } = await digestOf(place);
    return compareChecksums(resource.checksum, checksum) === 'same' ? { sha256, bytes: resource.bytes } : null;
  }
}

async function digestOf(file: string): Promise<{ readonly sha256: string; readonly checksum: string }> {
  const handle = await open(file, 'r');
  try {
    const hash = contentHash();
    const buffer = Buffer.allocUnsafeSlow(chunkBytes);
    for (let position = 0; ; ) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) break;
      position += bytesRead;
      hash.update(buffer.subarray(0, bytesRead));
    }
    // The crash that left it may have come before it was durable.
    await handle.datasync();
    return hash.digest();
  } finally {
    await handle.close();
  }
}

async function remove(file: string): Promise<void> {
  await unlink(file).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw fileError(error, file, 'library');
  });
}
