/** A content that this pipeline has put into iCloud, or may have. */
export interface OwnUpload {
  /** What iCloud calls it. */
  readonly checksum: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

/**
 * What was uploaded from here, by content, so that a reading of iCloud does not take it for something new. Written before a file can appear
 * there, and kept for good: a delivery that failed may have arrived, and what was deleted there may be restored.
 */
export abstract class OwnUploadRepository {
  /** The same again changes nothing. */
  abstract note(contents: readonly OwnUpload[]): Promise<void>;
  /** Those with one of these checksums, in one question. */
  abstract find(checksums: readonly string[]): Promise<OwnUpload[]>;
}
