import { rm, utimes } from 'node:fs/promises';
import path from 'node:path';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { PipelineError } from '@media-pipeline/contracts';
import { adoptTemporary, Library, makeDirectories, temporaryPath } from '@media-pipeline/files';
import { contentOf } from '@media-pipeline/icloud';
import { identify } from '@media-pipeline/media';
import { convertedName, instead } from '../../conversion';
import type { Outgoing } from '../../upload-route.port';
import { HeicToJpeg } from './heic-to-jpeg';
import { Mp4ToMov } from './mp4-to-mov';

/** Makes of a file what iCloud takes instead of it, in a folder of the file's own that is gone when it was sent. The file itself stays as it is. */
@Injectable()
export class Converter implements OnModuleDestroy {
  private readonly photos = new HeicToJpeg();
  private readonly videos = new Mp4ToMov();

  constructor(private readonly library: Library) {}

  /**
   * The same file converted by the same programs has the same bytes.
   * @param taken names that another file of the batch has, in lower case
   * @throws ICLOUD_TYPE_REFUSED when there is nothing that it could become; MEDIA_CORRUPT; PROGRAM_MISSING, DISK_FULL and the like; the signal's reason
   */
  async convert(file: Outgoing, taken: ReadonlySet<string>, signal: AbortSignal): Promise<Outgoing> {
    const into = instead(await identify(file.path));
    if (into === null) throw new PipelineError('ICLOUD_TYPE_REFUSED', `${file.name} is of a kind that iCloud did not take, and that is not converted`);
    const name = convertedName(file.name, into, taken);
    const target = path.join(this.folder(file), name);
    await makeDirectories(path.dirname(target));
    const temporary = temporaryPath(target);
    try {
      await (into === 'JPEG' ? this.photos : this.videos).convert(file.path, temporary, signal);
      // The page says this date to iCloud.
      await utimes(temporary, file.modifiedAt, file.modifiedAt);
      await adoptTemporary(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    const { sha256, checksum, bytes } = await contentOf(target, signal);
    return { id: file.id, path: target, name, bytes, sha256, checksum, modifiedAt: file.modifiedAt, putAt: null, converted: { into, name, bytes, sha256, checksum } };
  }

  /** Removes what these files were converted to, if anything. */
  async discard(files: readonly Pick<Outgoing, 'id'>[]): Promise<void> {
    for (const file of files) await rm(this.folder(file), { recursive: true, force: true });
  }

  async onModuleDestroy(): Promise<void> {
    await this.photos.close();
  }

  private folder({ id }: Pick<Outgoing, 'id'>): string {
    return this.library.absolute(this.library.path('compressed', 'for-icloud', id));
  }
}
