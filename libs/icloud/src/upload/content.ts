import { PipelineError } from '@media-pipeline/contracts';
import { withRegularFile, type RegularFile } from '@media-pipeline/files';
import { ContentHash } from '../download/content-hash';

/** What iCloud knows a file's bytes by. */
export interface CloudContent {
  /** {@link AppleChecksum}: what `resOriginalFingerprint` and `fileChecksum` say of an uploaded file. */
  readonly checksum: string;
  readonly bytes: number;
}

/** A file to upload, and what its bytes must be. */
export interface FileToUpload extends CloudContent {
  /** Absolute. */
  readonly path: string;
  /** Hex. */
  readonly sha256: string;
  /** As it shall be called in iCloud. */
  readonly name: string;
  /** iCloud takes it for the date of a photo that has none of its own (as users of the web page found). */
  readonly modifiedAt: Date;
}

/** Each is a buffer of its own: a socket may hold a chunk after the next was read. */
const chunkBytes = 256 * 1024;

/** The bytes of an open file from its beginning. */
async function* chunksOf({ handle }: RegularFile, signal?: AbortSignal): AsyncGenerator<Buffer> {
  for (let position = 0; ; ) {
    signal?.throwIfAborted();
    const buffer = Buffer.allocUnsafeSlow(chunkBytes);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Reads a file (absolute path) for what an upload has to know of it. @throws FILE_MISSING and other errors of files; the signal's reason */
export async function contentOf(path: string, signal?: AbortSignal): Promise<CloudContent & { readonly sha256: string }> {
  return await withRegularFile(path, 'library', async (file) => {
    const hash = new ContentHash();
    let bytes = 0;
    for await (const chunk of chunksOf(file, signal)) {
      hash.update(chunk);
      bytes += chunk.length;
    }
    return { ...hash.digest(), bytes };
  });
}

/**
 * The bytes of an open file, proven on the way: the last piece is given out only when the whole is what is expected, so nobody ever has all
 * the bytes of another file.
 * @throws CONTENT_CHANGED
 */
export async function* provenBytes(file: RegularFile, { path, bytes, sha256, checksum }: FileToUpload, progress?: (bytes: number) => void, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const hash = new ContentHash();
  let sent = 0;
  let held: Buffer | null = null;
  for await (const chunk of chunksOf(file, signal)) {
    if (held !== null) {
      yield held;
      sent += held.length;
      progress?.(sent);
    }
    hash.update(chunk);
    held = chunk;
    if (sent + held.length > bytes) throw changed(path, `it has more than ${bytes} bytes`);
  }
  const last = held?.length ?? 0;
  if (sent + last !== bytes) throw changed(path, `it has ${sent + last} bytes instead of ${bytes}`);
  const is = hash.digest();
  if (is.sha256 !== sha256 || is.checksum !== checksum) throw changed(path, 'its bytes are others than expected');
  if (held !== null) {
    yield held;
    progress?.(bytes);
  }
}

const changed = (path: string, how: string): PipelineError => new PipelineError('CONTENT_CHANGED', `${path}: ${how}; nothing was uploaded`);
