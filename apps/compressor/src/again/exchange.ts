import { rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path/posix';
import { Injectable } from '@nestjs/common';
import { PipelineError, type LibraryPath } from '@media-pipeline/contracts';
import { FileMover, Library, placeLink } from '@media-pipeline/files';
import { Database, type Recompression, type Swap } from '@media-pipeline/schema';
import { Logger } from '@media-pipeline/stage';

/** Where the file of one attempt is made: `compressed/again/<token>/`. Apart from the earlier rendition, so that a crash leaves that one whole. */
export const stagedPath = (library: Library, token: string, rendition: LibraryPath): LibraryPath => library.path('compressed', 'again', token, basename(rendition));

/**
 * Lets a new rendition take the place of the earlier one: the earlier file goes to cleanup/ by journal, the new one to where it was, in the
 * archive likewise, and then the row says so. What is to be done stands in the database before anything is touched (`swapping`), and each
 * step can be done again: killed anywhere, `resume` goes on. At every moment the rendition's row names bytes that are there.
 */
@Injectable()
export class Exchange {
  constructor(
    private readonly library: Library,
    private readonly mover: FileMover,
    private readonly database: Database,
    private readonly logger: Logger,
  ) {}

  /** Finishes what a process that is gone had begun; what cannot be finished is logged and tried again next time. */
  async resume(): Promise<void> {
    for (const begun of await this.database.recompressions.swapping()) {
      try {
        await this.finish(begun);
      } catch (error) {
        this.logger.error({ err: error, assetId: begun.assetId, recompression: begun.id }, 'an exchange of renditions could not be finished; it is tried again at the next start');
      }
    }
  }

  /** Safe while another process does the same: sizes differ, so neither takes the new file for the earlier one. */
  async finish({ id, fileId, assetId, swap }: Pick<Recompression, 'id' | 'fileId' | 'assetId' | 'swap'>): Promise<void> {
    const asset = await this.database.assets.find(assetId);
    const present = asset?.renditions.find((rendition) => rendition.fileId === fileId);
    if (!swap || !asset || !present) throw new PipelineError('UNEXPECTED', `the exchange ${id} has no rendition`);
    const { staged, path, archivedPath, sha256, bytes } = swap;
    const earlier = { assetId, fileId, sha256: swap.earlierSha256, bytes: swap.earlierBytes };
    if (present.path === path && present.sha256 === swap.earlierSha256) {
      await this.mover.move({ ...earlier, from: path, to: this.library.path('cleanup', 'renditions', id, basename(path)), reason: 'made again from the archived original' });
    }
    await this.mover.move({ assetId, fileId: null, from: staged, to: path, sha256, bytes, reason: 'takes the place of an earlier rendition' });
    if (archivedPath !== null) {
      if (present.archivedPath === archivedPath && present.sha256 === swap.earlierSha256) {
        await this.mover.move({ ...earlier, from: archivedPath, to: this.library.path('cleanup', 'renditions', id, 'archived', basename(archivedPath)), reason: 'made again from the archived original' });
      }
      await placeLink(this.library.absolute(path), this.library.absolute(archivedPath), { sha256, bytes });
    }
    const file = asset.files.find((candidate) => candidate.id === fileId);
    await this.record(id, { fileId, assetId, filename: file?.filename ?? basename(path), sourceSha256: present.sourceSha256 }, swap);
    await rm(this.library.absolute(dirname(staged) as LibraryPath), { recursive: true, force: true });
  }

  /** One transaction; whoever comes second changes nothing. */
  private async record(id: string, { fileId, assetId, filename, sourceSha256 }: { readonly fileId: string; readonly assetId: string; readonly filename: string; readonly sourceSha256: string }, swap: Swap): Promise<void> {
    const { path, archivedPath, sha256, bytes, settings, proof, earlierSha256, earlierBytes } = swap;
    await this.database.write(async ({ recompressions, renditions, assets, log }) => {
      if (!(await recompressions.endSwap(id))) return;
      const saved = await renditions.save({ fileId, assetId, sourceSha256, outcome: 'compressed', code: null, reason: null, path, sha256, bytes, settings, proof });
      if (archivedPath !== null) await renditions.setArchivedPath(saved.id, archivedPath);
      await assets.claimContent(assetId, [sha256]);
      const message = `${filename}: compressed again from the archived original, ${earlierBytes} → ${bytes} bytes. Destinations keep what they were given; the earlier rendition (SHA-256 ${earlierSha256}) lies in cleanup/renditions/${id}`;
      await log.write({ step: 'compressor', status: 'success', assetId, message });
    });
  }
}
