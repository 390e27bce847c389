/** A part of a photo library with its own records and sync token. */
export interface Zone {
  /** `PrimarySync`, or `SharedSync-<UUID>` of an iCloud Shared Photo Library. */
  readonly name: string;
  /** Record name of whoever owns the zone; null when Apple does not say. */
  readonly owner: string | null;
  /** Where it is asked for: whoever made a shared library has it under `private`, the others under `shared`. */
  readonly database: Database;
  readonly shared: boolean;
}

export type Database = 'private' | 'shared';

export type ResourceRole = 'original' | 'alternative' | 'live_video' | 'edited' | 'edited_video' | 'sidecar';

/** One file of an asset. */
export interface CloudResource {
  readonly role: ResourceRole;
  /** What the record calls it: `resOriginal`, `resOriginalAlt`, … */
  readonly key: string;
  readonly bytes: number;
  /** Apple's `fileChecksum`, base64; empty when the record has none. */
  readonly checksum: string;
  /** Uniform type identifier: `public.heic`. */
  readonly type: string;
  /** Signed, good for about half an hour; empty when Apple gave none (look the asset up). */
  readonly url: string;
}

export type AssetKind = 'photo' | 'live_photo' | 'video' | 'raw_jpeg';

/** What a person sees as one photo or video. */
export interface CloudAsset {
  /** Of the CPLAsset: the identity. Several assets can share one master. */
  readonly recordName: string;
  readonly masterName: string;
  readonly changeTag: string;
  readonly zone: Zone;
  /** Always there: as recorded, else made of the record's name and the type. Not yet safe as a path. */
  readonly filename: string;
  readonly kind: AssetKind;
  readonly takenAt: Date | null;
  readonly timeZoneOffsetSeconds: number | null;
  readonly addedAt: Date | null;
  readonly hidden: boolean;
  readonly trashed: boolean;
  readonly favourite: boolean;
  /** The original first. */
  readonly resources: readonly CloudResource[];
}

export type Change =
  | { readonly kind: 'asset'; readonly asset: CloudAsset }
  /** `purged` carries no type: the name may be that of a record which never was an asset. */
  | { readonly kind: 'gone'; readonly recordName: string; readonly how: 'trashed' | 'purged' | 'hidden' };

/** A record that Apple refused, or that could not be understood: counted, never silent. */
export interface Refusal {
  readonly recordName: string;
  /** Apple's `serverErrorCode`, or one of ours: NOT_UNDERSTOOD, NO_MASTER_NAMED, MASTER_NOT_FOUND, MASTER_WITHOUT_ASSET, NO_ORIGINAL, NOT_ANSWERED. */
  readonly code: string;
  readonly reason: string;
}

export interface Album {
  readonly recordName: string;
  readonly name: string;
  /** The folder it lies in; null at the top. */
  readonly parent: string | null;
}
