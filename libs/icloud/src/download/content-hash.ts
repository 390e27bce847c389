import { createHash, type Hash } from 'node:crypto';

const salt = 'com.apple.XattrObjectSalt\0com.apple.DataObjectSalt\0';
const knownPrefix = 0x01;
const sha1Bytes = 20;
const salted = (): Hash => createHash('sha1').update(salt);

/**
 * The `fileChecksum` that Apple's servers record of a content: base64 of 0x01 and the SHA-1 of a fixed salt and the content (found by experiment;
 * it matches recorded bodies and records of Apple).
 */
export class AppleChecksum {
  #sha1 = salted();

  /** Forgets what it was given. */
  begin(): void {
    this.#sha1 = salted();
  }

  update(chunk: Uint8Array): void {
    this.#sha1.update(chunk);
  }

  /** Ends the checksum. */
  digest(): string {
    return Buffer.concat([Buffer.of(knownPrefix), this.#sha1.digest()]).toString('base64');
  }
}

/** What arrives, digested once for both: the pipeline's SHA-256 and Apple's checksum. */
export class ContentHash {
  readonly #sha256 = createHash('sha256');
  readonly #checksum = new AppleChecksum();

  update(chunk: Uint8Array): void {
    this.#sha256.update(chunk);
    this.#checksum.update(chunk);
  }

  /** `sha256` in hex, and {@link AppleChecksum}. Ends the hash. */
  digest(): { sha256: string; checksum: string } {
    return { sha256: this.#sha256.digest('hex'), checksum: this.#checksum.digest() };
  }
}

/** An incremental hash of a file's content, as {@link ContentHash}. */
export const contentHash = (): ContentHash => new ContentHash();

/** Whether a recorded checksum is of the kind that {@link AppleChecksum} makes. */
export const isKnownKind = (recorded: string): boolean => compareChecksums(recorded, recorded) === 'same';

/** Whether content with the checksum `actual` is the one that was recorded; `unknown` when the recorded one is of a kind that cannot be made here. */
export function compareChecksums(recorded: string, actual: string): 'same' | 'different' | 'unknown' {
  const bytes = Buffer.from(recorded, 'base64');
  if (bytes.length !== 1 + sha1Bytes || bytes[0] !== knownPrefix) return 'unknown';
  return bytes.equals(Buffer.from(actual, 'base64')) ? 'same' : 'different';
}
