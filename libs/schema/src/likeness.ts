/** How one frame of a photo (frame 0) or a video looks; see libs/likeness for what the fields are made of. */
export interface Fingerprint {
  readonly fileId: string;
  readonly frame: number;
  readonly assetId: string;
  /** Of the way it was made; another one is made anew. */
  readonly version: number;
  /** 64 bits in hex; null when no picture could be read. */
  readonly bits: string | null;
  readonly gradient: string | null;
  /** A small picture for comparing, base64. */
  readonly sketch: string | null;
  /** Why there is none: it is not tried again. */
  readonly problem: string | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly durationMs: number | null;
  /** ISO 8601 as the camera wrote it; null when only the file's own date is known. */
  readonly takenAt: string | null;
  readonly sharpness: number | null;
}

/** What a pair of assets is to each other, looked at closely. `different` ones are remembered so that they are not looked at again. */
export type Relation = 'copy' | 'burst' | 'alike' | 'different';
export interface SimilarPair {
  /** The older asset (by id). */
  readonly firstId: string;
  readonly secondId: string;
  readonly relation: Relation;
  /** Structural similarity of the aligned sketches, in thousandths. */
  readonly structure: number;
  /** Bits in which the fingerprints differ. */
  readonly distance: number;
  readonly why: string;
}

export interface SimilarGroup {
  readonly id: string;
  readonly kind: Exclude<Relation, 'different'>;
  readonly state: 'proposed' | 'dismissed';
  readonly bestAssetId: string;
  /** Why that one is the best. */
  readonly why: string;
  readonly members: readonly { readonly assetId: string; readonly why: string }[];
}

export abstract class LikenessRepository {
  /** Assets past dedupe that have no fingerprint of this version, oldest first. */
  abstract missing(version: number, limit: number): Promise<string[]>;
  abstract countMissing(version: number): Promise<number>;
  /** Replaces all frames of the file. */
  abstract save(frames: readonly Fingerprint[]): Promise<void>;
  /** Files of which no picture could be made are tried again. How many there are. */
  abstract forgetProblems(): Promise<number>;
  /** Without sketches, in pages by file id. Only assets that are still there (not duplicates, not set aside). */
  abstract page(version: number, after: string | null, limit: number): Promise<Omit<Fingerprint, 'sketch'>[]>;
  abstract sketches(assetIds: readonly string[], version: number): Promise<Pick<Fingerprint, 'assetId' | 'frame' | 'sketch'>[]>;
  abstract savePairs(pairs: readonly SimilarPair[]): Promise<void>;
  /** All verdicts by `first:second`. */
  abstract pairs(): Promise<SimilarPair[]>;
  /** Replaces all groups: ids stay with the kind and the oldest member; a dismissed group stays so until it gets a new member. */
  abstract replaceGroups(groups: readonly Omit<SimilarGroup, 'id' | 'state'>[]): Promise<void>;
  abstract groups(filter: { readonly kind?: SimilarGroup['kind']; readonly state?: SimilarGroup['state']; readonly limit: number }): Promise<SimilarGroup[]>;
  abstract findGroup(id: string): Promise<SimilarGroup | null>;
  abstract setGroupState(id: string, state: SimilarGroup['state']): Promise<boolean>;
}
