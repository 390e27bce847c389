import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { checksumInProgress } from '../photos/content';
import { TELLING_BYTES } from './content-type';

/** Bytes that arrived: where they are and what they are. */
export interface StoredBytes {
  readonly path: string;
  readonly bytes: number;
  /** Apple's fileChecksum. */
  readonly checksum: string;
  /** SHA-256 in hex, for tests that do not trust the other. */
  readonly sha256: string;
  readonly head: Buffer;
}

/** What a fault does to bytes on their way. */
export interface Spoiling {
  readonly truncated: boolean;
  readonly flipped: boolean;
}

/** Uploaded bytes in a folder of their own among the temporary ones, each content once. */
export class ContentStore {
  private folder: Promise<string> | null = null;
  private count = 0;

  /** Streams a body to disk and hashes it. @throws when the client breaks off */
  async take(body: Readable, { truncated, flipped }: Spoiling): Promise<StoredBytes> {
    this.folder ??= mkdtemp(path.join(tmpdir(), 'local-icloud-'));
    const folder = await this.folder;
    const part = path.join(folder, `${String(++this.count)}.part`);
    const file = createWriteStream(part);
    const checksum = checksumInProgress();
    const sha256 = createHash('sha256');
    let [bytes, head, cut] = [0, Buffer.alloc(0), false];
    try {
      for await (const chunk of body) {
        if (!(chunk instanceof Uint8Array) || cut) continue;
        const arrived = Buffer.from(truncated ? chunk.subarray(0, chunk.length >> 1) : chunk);
        cut = truncated;
        if (flipped && bytes === 0 && arrived.length > 0) arrived.writeUInt8(arrived.readUInt8(arrived.length - 1) ^ 1, arrived.length - 1);
        if (head.length < TELLING_BYTES) head = Buffer.concat([head, arrived.subarray(0, TELLING_BYTES)]);
        bytes += arrived.length;
        checksum.update(arrived);
        sha256.update(arrived);
        if (!file.write(arrived)) await once(file, 'drain');
      }
    } finally {
      file.end();
      await once(file, 'close');
    }
    const digest = sha256.digest('hex');
    const kept = path.join(folder, digest);
    await rename(part, kept);
    return { path: kept, bytes, checksum: checksum.done(), sha256: digest, head };
  }

  async close(): Promise<void> {
    if (this.folder !== null) await rm(await this.folder, { recursive: true, force: true });
  }
}
