import { constants, open, type FileHandle } from 'node:fs/promises';
import { PipelineError } from '@media-pipeline/contracts';
import { fileError } from '@media-pipeline/files';
import { contentHash, type ContentHash } from './content-hash';

const writeBytes = 1024 * 1024;

/**
 * A file that grows from the front, and the hash of all that is in it. Chunks are gathered to about 1 MiB and written as they came, without a
 * copy; one write is under way while the next is gathered, and no more: whoever feeds faster than the disk writes waits.
 */
export class PartFile {
  #hash: ContentHash = contentHash();
  #bytes = 0;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #writing: Promise<void> | null = null;

  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
  ) {}

  /** Opens or makes the file and reads what is there; one longer than `bytes` is emptied. */
  static async open(path: string, bytes: number): Promise<PartFile> {
    return await asFileError(path, async () => {
      const handle = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o666);
      const part = new PartFile(path, handle);
      try {
        const stats = await handle.stat();
        if (!stats.isFile()) throw new PipelineError('NOT_A_REGULAR_FILE', `${path} is not a regular file`);
        if (stats.size > bytes) await part.reset();
        else if (stats.size > 0) await part.#readIn();
        return part;
      } catch (error) {
        await handle.close();
        throw error;
      }
    });
  }

  /** What is there, gathered chunks included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps the chunk: it must not be changed after. Undefined when there is nothing to wait for. */
  append(chunk: Uint8Array): Promise<void> | undefined {
    this.#hash.update(chunk);
    this.#gathered.push(chunk);
    this.#bytes += chunk.length;
    this.#gatheredBytes += chunk.length;
    return this.#gatheredBytes >= writeBytes ? this.#pass() : undefined;
  }

  /** Writes what is gathered. */
  async flush(): Promise<void> {
    await this.#pass();
    await this.#settled();
  }

  /** Begins anew with nothing. */
  async reset(): Promise<void> {
    this.#gathered = [];
    this.#gatheredBytes = 0;
    await this.#settled();
    await asFileError(this.path, async () => await this.handle.truncate(0));
    this.#bytes = 0;
    this.#hash = contentHash();
  }

  /** The hash of the content; nothing can be appended after, but `reset` begins anew. */
  digest(): { sha256: string; checksum: string } {
    return this.#hash.digest();
  }

  /** On the disk, whatever happens to the machine. */
  async sync(): Promise<void> {
    await this.flush();
    await asFileError(this.path, async () => await this.handle.datasync());
  }

  async close(): Promise<void> {
    await this.#settled().catch(() => undefined); // whoever appended or flushed was told
    await this.handle.close();
  }

  async #readIn(): Promise<void> {
    const buffer = Buffer.allocUnsafeSlow(writeBytes);
    for (;;) {
      const { bytesRead } = await this.handle.read(buffer, 0, buffer.length, this.#bytes);
      if (bytesRead === 0) return;
      this.#hash.update(buffer.subarray(0, bytesRead));
      this.#bytes += bytesRead;
    }
  }

  /** Hands what is gathered over to the disk as soon as the write before is done. */
  async #pass(): Promise<void> {
    await this.#settled();
    if (this.#gathered.length === 0) return;
    const chunks = this.#gathered;
    const length = this.#gatheredBytes;
    const position = this.#bytes - length;
    this.#gathered = [];
    this.#gatheredBytes = 0;
    this.#writing = this.#write(chunks, length, position);
    this.#writing.catch(() => undefined); // told where it is waited for
  }

  async #settled(): Promise<void> {
    await this.#writing;
    this.#writing = null;
  }

  async #write(chunks: readonly Uint8Array[], length: number, position: number): Promise<void> {
    await asFileError(this.path, async () => {
      const { bytesWritten } = await this.handle.writev(chunks, position);
      if (bytesWritten === length) return;
      // A disk that is nearly full takes a part; what it says to the rest tells why.
      const rest = Buffer.concat(chunks).subarray(bytesWritten);
      for (let written = 0; written < rest.length; ) written += (await this.handle.write(rest, written, rest.length - written, position + bytesWritten + written)).bytesWritten;
    });
  }
}

async function asFileError<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileError(error, path, 'library');
  }
}
