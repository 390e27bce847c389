import { lstat } from 'node:fs/promises';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { toPipelineError } from '@media-pipeline/contracts';
import { fingerprintOf, hashFile, Library } from '@media-pipeline/files';
import { listDirectories, type ListedFile } from '@media-pipeline/duplicates';
import { Database, type KnownFile, type MediaFile } from '@media-pipeline/schema';
import { Logger, Settings } from '@media-pipeline/stage';

const rescanMs = 3_600_000;

/** A file outside of the library with the bytes of one in it. */
export interface OutsideCopy {
  readonly path: string;
}

/**
 * The files of DEDUPLICATION_DIRECTORIES, whose content counts as there. They are listed by name and size, at start and every hour, and
 * read only when a new file has the size of one of them. They are never written to, moved or removed.
 */
@Injectable()
export class OutsideFiles implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly stopped = new AbortController();
  private listed: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly database: Database,
    private readonly library: Library,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    if (this.roots.length === 0 || !this.settings.enable.deduplication) return;
    this.listed = this.list();
    if (this.settings.execution.mode === 'single') return;
    this.timer = setInterval(() => void this.list(), rescanMs).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
    this.stopped.abort();
  }

  /** Outside copies of all the files, in their order; null unless every file has one. */
  async copiesOf(files: readonly MediaFile[]): Promise<readonly OutsideCopy[] | null> {
    if (this.roots.length === 0 || files.length === 0) return null;
    await (this.listed ??= this.list());
    const copies: OutsideCopy[] = [];
    for (const file of files) {
      const copy = await this.copyOf(file);
      if (!copy) return null;
      copies.push(copy);
    }
    return copies;
  }

  private get roots(): readonly string[] {
    return this.settings.dedupe.directories;
  }

  private async copyOf({ bytes, sha256 }: MediaFile): Promise<OutsideCopy | null> {
    if (sha256 === null) return null;
    for (const known of await this.database.duplicates.knownOfSize(bytes)) {
      if ((await this.hashOf(known)) === sha256) return { path: known.path };
    }
    return null;
  }

  /** Its hash, in the version that lies there now; null when it went away or changes. */
  private async hashOf({ path, fingerprint, sha256 }: KnownFile): Promise<string | null> {
    try {
      const now = fingerprintOf(await lstat(path, { bigint: true }));
      if (sha256 !== null && now === fingerprint) return sha256;
      const read = await hashFile(path);
      if (now === fingerprint) await this.database.duplicates.setKnownHash(path, fingerprint, read.sha256);
      return read.sha256;
    } catch (thrown) {
      const { code, message } = toPipelineError(thrown);
      this.logger.debug({ code, path }, message);
      return null;
    }
  }

  /** A directory that cannot be read proves nothing: its files do not count, and what is new is kept. */
  private async list(): Promise<void> {
    const began = new Date();
    let written = Promise.resolve();
    const failures: unknown[] = [];
    const see = (files: readonly ListedFile[]): void => {
      written = written.then(() => this.see(files, began)).catch((error: unknown) => void failures.push(error));
    };
    try {
      const { files, unreadable } = await listDirectories(this.roots, see, { except: Object.values(this.library.areas), signal: this.stopped.signal });
      await written;
      if (failures.length > 0) throw toPipelineError(failures[0]);
      for (const { path, reason } of unreadable.slice(0, 20)) this.logger.warn({ path, reason }, 'part of DEDUPLICATION_DIRECTORIES cannot be read');
      await this.database.duplicates.forget(this.roots, began);
      this.logger.info({ files, ms: Date.now() - began.getTime() }, 'listed what lies in DEDUPLICATION_DIRECTORIES');
    } catch (thrown) {
      await written;
      if (!this.stopped.signal.aborted) this.logger.warn({ err: thrown }, 'DEDUPLICATION_DIRECTORIES could not be listed');
    }
  }

  private async see(files: readonly ListedFile[], seenAt: Date): Promise<void> {
    const { batchSize } = this.settings.dedupe;
    for (let at = 0; at < files.length; at += batchSize) {
      await this.database.duplicates.see(files.slice(at, at + batchSize).map((file) => ({ ...file, root: this.rootOf(file.path) })), seenAt);
    }
  }

  private rootOf(path: string): string {
    return this.roots.find((root) => path.startsWith(root.endsWith('/') ? root : `${root}/`)) ?? '';
  }
}
