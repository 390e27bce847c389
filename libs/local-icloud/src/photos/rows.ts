import type { Content } from './content';

/** The part of a record's field names that names a resource: `resOriginal` → resOriginalRes, resOriginalFileType, … */
export type ResourceKey = 'resOriginal' | 'resOriginalAlt' | 'resOriginalVidCompl' | 'resJPEGFull' | 'resVidFull' | 'resSidecar';

export interface Resource {
  readonly key: ResourceKey;
  readonly content: Content;
  readonly width: number;
  readonly height: number;
}

/** How CPLMaster carries the file's name: both forms and records without one are recorded in the wild. */
export type FilenameForm = 'ENCRYPTED_BYTES' | 'STRING' | 'missing';

interface RowBase {
  readonly name: string;
  /** Position of its latest change in the zone's mutation log, from 1; 0: not in the log any more. */
  seq: number;
  created: number;
  modified: number;
}

/** CPLMaster: the files as they came. */
export interface MasterRow extends RowBase {
  readonly kind: 'CPLMaster';
  readonly filename: string | null;
  readonly filenameForm: FilenameForm;
  readonly itemType: string;
  readonly resources: readonly Resource[];
  /** Renditions that this library keeps on the master and not on the asset. */
  edits: readonly Resource[];
  /** Set with its last asset's deletion, and left as it is when that asset is restored: only CPLAsset changes then. */
  trashed: boolean;
  readonly assets: AssetRow[];
  readonly contributor: string | null;
}

/** CPLAsset: what a person sees as one photo. Several can share one master. */
export interface AssetRow extends RowBase {
  readonly kind: 'CPLAsset';
  readonly master: MasterRow;
  assetDate: number;
  readonly addedDate: number;
  readonly timeZoneOffset: number | null;
  readonly smart: 'VIDEO' | 'LIVE' | 'SCREENSHOT' | 'PANORAMA' | 'SLOMO' | 'TIMELAPSE' | null;
  edits: readonly Resource[];
  hidden: boolean;
  favourite: boolean;
  /** When it went to Recently Deleted. */
  trashedAt: number | null;
}

/** CPLAlbum; `folder` albums hold albums. */
export interface AlbumRow extends RowBase {
  readonly kind: 'CPLAlbum';
  title: string | null;
  readonly parent: string | null;
  readonly folder: boolean;
  readonly position: number;
  trashed: boolean;
  readonly members: Map<AssetRow, RelationRow>;
}

/** CPLContainerRelation: one asset in one album, named `{asset}-IN-{album}`. */
export interface RelationRow extends RowBase {
  readonly kind: 'CPLContainerRelation';
  readonly asset: AssetRow;
  readonly album: AlbumRow;
  readonly position: number;
}

/** CPLLibraryInfo: the counters that change with everything else. */
export interface InfoRow extends RowBase {
  readonly kind: 'CPLLibraryInfo';
}

/** What is left of a purged record: its name. */
export interface Tombstone extends RowBase {
  readonly kind: null;
}

export type Row = MasterRow | AssetRow | AlbumRow | RelationRow | InfoRow;
