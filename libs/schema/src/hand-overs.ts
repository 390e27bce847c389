/** A file of a folder, in a form in which it was handed over to iCloud because a person asked for it. Such files are in no batch. */
export interface HandOver {
  /** Of the file as it lies in the folder. Hex. */
  readonly originalSha256: string;
  /** What left: its content and name. */
  readonly sha256: string;
  /** What iCloud calls that content. */
  readonly checksum: string;
  readonly bytes: number;
  readonly name: string;
  /** What the file was converted to; null: it left as it is. */
  readonly form: string | null;
  readonly at: Date;
}

/**
 * What left a folder by hand, in which forms and when last. Written before a file can appear in iCloud, and kept for good: a file that was
 * converted is found again by what it was converted to.
 */
export abstract class HandOverRepository {
  /** The same form again: its moment is the new one. */
  abstract note(handOvers: readonly HandOver[]): Promise<void>;
  /** All forms of these files, in one question, the oldest first. */
  abstract find(originals: readonly string[]): Promise<HandOver[]>;
}
