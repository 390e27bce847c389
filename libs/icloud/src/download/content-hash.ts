import { createHash } from 'node:crypto';

const salt = 'com.apple.XattrObjectSalt\0com.apple.DataObjectSalt\0';
const knownPrefix = 0x01;
const sha1Bytes = 20;

/** What arrives, digested once for both: the pipeline's SHA-256 and Apple's checksum. */
export class ContentHash {
  readonly #sha256 = createHash('sha256');
  readonly #sha1 = createHash('sha1').update(salt);

  update(chunk: Uint8Array): void {
    this.#sha256.update(chunk);
    this.#sha1.update(chunk);
  }

  /**
   * `sha256` in hex, and the `fileChecksum` that Apple's servers record of the same bytes: base64 of 0x01 and the SHA-1 of a fixed salt and the
   * content (found by experiment; it matches recorded bodies and records of Apple). Ends the hash.
   */
  digest(): { sha256: string; checksum: string } {
    const checksum = Buffer.concat([Buffer.of(knownPrefix), this.#sha1.digest()]).toString('base64');
    return { sha256: this.#sha256.digest('hex'), checksum };
  }
}

/** An incremental hash of a file's content, as {@link ContentHash}. */
export const contentHash = (): ContentHash => new ContentHash();

/** Whether content with the checksum `actual` is the one that was recorded; `unknown` when the recorded one is of a kind that cannot be made here. */
export function compareChecksums(recorded: string, actual: string): 'same' | 'different' | 'unknown' {
  const bytes = Buffer.from(recorded, 'base64');
  if (bytes.length !== 1 + sha1Bytes || bytes[0] !== knownPrefix) return 'unknown';
  return bytes.equals(Buffer.from(actual, 'base64')) ? 'same' : 'different';
}
