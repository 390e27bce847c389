/** What a reading of a source may know of the request that it answers. */
export interface Reading {
  readonly signal: AbortSignal;
  /** Which delivery of the request this is, counted from 1. */
  readonly attempt: number;
  /** Says what is being worked on (a file's name), and how far the reading is (0..1) where that is known. */
  report(label: string, fraction?: number): void;
}
