import { Injectable } from '@nestjs/common';
import { withRegularFile } from '@media-pipeline/files';
import { contentIdentifier, identify, imageCarriesIdentifier, type MediaType } from '@media-pipeline/media';

/** Looks into source files, whatever bytes their names are made of. */
@Injectable()
export class MediaInspector {
  /** What the content is; null when it is neither photo nor video. @throws FILE_MISSING, FILE_UNREADABLE, NOT_A_REGULAR_FILE */
  async identify(place: Buffer): Promise<MediaType | null> {
    return await withPath(place, identify);
  }

  /** Whether image and video carry the same Live Photo identifier. A file that cannot be read belongs to nothing: that it cannot is found out again, and said, when it is copied. */
  async isLivePhoto(image: Buffer, video: Buffer): Promise<boolean> {
    const identifier = await withPath(video, contentIdentifier).catch(() => null);
    if (identifier === null) return false;
    return await withPath(image, async (path) => await imageCarriesIdentifier(path, identifier)).catch(() => false);
  }
}

/** A name that is no valid UTF-8 cannot be a string. The kernel gives an open file a second name that is one. */
async function withPath<T>(place: Buffer, look: (path: string) => Promise<T>): Promise<T> {
  const text = place.toString();
  if (Buffer.from(text).equals(place)) return await look(text);
  return await withRegularFile(place, 'source', async ({ handle }) => await look(`/proc/self/fd/${handle.fd}`));
}
