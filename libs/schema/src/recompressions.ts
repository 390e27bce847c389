import type { LibraryPath } from '@media-pipeline/contracts';

/**
 * One attempt to compress a file again under other settings, and what came of it. One row per file and `asked`: it is also the memory
 * that keeps the same from being tried again.
 * `making` somebody is at it · `swapping` the new rendition is proven and takes the old one's place; what is left to be done can be done again ·
 * `replaced` · `kept` the earlier rendition stays for good · `postponed` not now: the machine, or the original, was in the way.
 */
export interface Recompression {
  readonly id: string;
  readonly fileId: string;
  readonly assetId: string;
  /** What was asked for, as JSON in a fixed order: quality and size, nothing that a new version of the pipeline changes. */
  readonly asked: string;
  readonly state: 'making' | 'swapping' | 'replaced' | 'kept' | 'postponed';
  /** Of this attempt: a second one has another. Names the place of the file that is being made. */
  readonly token: string;
  readonly code: string | null;
  readonly reason: string | null;
  /** From `swapping` on. */
  readonly swap: Swap | null;
  readonly updatedAt: Date;
}

/** All that is needed to finish an exchange that a crash cut short, and to know later what the earlier rendition was. */
export interface Swap {
  /** Where the new rendition lies until it takes its place. */
  readonly staged: LibraryPath;
  /** The rendition's place, that of the earlier one. */
  readonly path: LibraryPath;
  /** Its copy in the archive that is exchanged, too; null when the archive has none. */
  readonly archivedPath: LibraryPath | null;
  readonly sha256: string;
  readonly bytes: number;
  /** The new row's settings and proof. */
  readonly settings: string;
  readonly proof: string | null;
  readonly earlierSha256: string;
  readonly earlierBytes: number;
}

export abstract class RecompressionRepository {
  abstract ofAssets(assetIds: readonly string[]): Promise<Recompression[]>;
  /**
   * Takes a file for one attempt: null when somebody else is at it, or when it was settled before. An attempt that has given no sign
   * since `abandonedBefore` is taken over, and one that was postponed before `postponedBefore`; `supersedes` is then the token of the one before.
   */
  abstract claim(wanted: { readonly fileId: string; readonly assetId: string; readonly asked: string }, limits: { readonly abandonedBefore: Date; readonly postponedBefore: Date }): Promise<{ readonly claim: Recompression; readonly supersedes: string | null } | null>;
  /** A sign of life. False when the attempt was taken over. */
  abstract renew(claim: Recompression): Promise<boolean>;
  /** As if it had not been tried. */
  abstract release(claim: Recompression): Promise<void>;
  abstract settle(claim: Recompression, as: 'kept' | 'postponed', why: { readonly code: string; readonly reason: string }): Promise<void>;
  /** making → swapping. False when the attempt was taken over. */
  abstract beginSwap(claim: Recompression, swap: Swap): Promise<boolean>;
  /** swapping → replaced. False when somebody else has finished it. */
  abstract endSwap(id: string): Promise<boolean>;
  abstract swapping(): Promise<Recompression[]>;
}
