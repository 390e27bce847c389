import type { ContentInput } from './content';
import type { AssetRow, FilenameForm, MasterRow, Resource, ResourceKey } from './rows';
import { isMovieType } from './types';
import type { Zone } from './zone';

/** One asset to be put into the library. */
export interface NewAsset {
  readonly zone?: string;
  /** null: its record carries no name. */
  readonly filename: string | null;
  readonly filenameForm?: FilenameForm;
  readonly original: ContentInput;
  /** The other half of a RAW+JPEG pair. */
  readonly alternative?: ContentInput;
  /** The video of a Live Photo. */
  readonly liveVideo?: ContentInput;
  /** Milliseconds since the epoch; default: now. */
  readonly takenAt?: number;
  readonly addedAt?: number;
  /** Seconds east of UTC; null: the record has none. */
  readonly timeZoneOffset?: number | null;
  readonly width?: number;
  readonly height?: number;
  readonly hidden?: boolean;
  readonly favourite?: boolean;
  /** Who added it, in a shared library. */
  readonly contributor?: string;
}

/** One asset as it stands, for a test to compare with. */
export interface LibraryAsset {
  readonly recordName: string;
  readonly masterName: string;
  readonly zone: string;
  readonly filename: string | null;
  readonly takenAt: number;
  readonly favourite: boolean;
  readonly hidden: boolean;
  readonly trashed: boolean;
  readonly resources: readonly { readonly key: ResourceKey; readonly bytes: number; readonly checksum: string; readonly type: string }[];
}

/** How an edit looks: the rendered picture and, for a Live Photo or a video, the rendered video, and the adjustment file. */
export interface Edit {
  readonly picture?: ContentInput;
  readonly video?: ContentInput;
  readonly sidecar?: ContentInput;
  /** Which record carries the renditions; clients look on the asset first, then on the master. */
  readonly on?: 'asset' | 'master';
}

/** The record of the files; its name is the original's checksum. @param at milliseconds since the epoch */
export function masterRow(resources: readonly Resource[], about: Pick<NewAsset, 'filename' | 'filenameForm'> & { readonly contributor?: string | null }, at: number): MasterRow {
  const original = resources[0];
  if (original === undefined) throw new Error('a master has an original');
  const { filename, filenameForm = filename === null ? 'missing' : 'ENCRYPTED_BYTES', contributor = null } = about;
  return { kind: 'CPLMaster', name: original.content.checksum, seq: 0, created: at, modified: at, filename, filenameForm, itemType: original.content.type, resources, edits: [], trashed: false, assets: [], contributor };
}

/** One more asset of a master. */
export function assetRow(name: string, master: MasterRow, about: Pick<NewAsset, 'takenAt' | 'addedAt' | 'timeZoneOffset' | 'hidden' | 'favourite'>, at: number): AssetRow {
  const { takenAt = at, addedAt = at, timeZoneOffset = null, hidden = false, favourite = false } = about;
  const smart = master.resources.some(({ key }) => key === 'resOriginalVidCompl') ? 'LIVE' : isMovieType(master.itemType) ? 'VIDEO' : null;
  const row: AssetRow = { kind: 'CPLAsset', name, seq: 0, created: at, modified: at, master, smart, edits: [], assetDate: takenAt, addedDate: addedAt, timeZoneOffset, hidden, favourite, trashedAt: null };
  master.assets.push(row);
  return row;
}

/** An asset as tests see it. */
export function view(row: AssetRow, zone: Zone): LibraryAsset {
  const { master } = row;
  return {
    recordName: row.name,
    masterName: master.name,
    zone: zone.id.zoneName,
    filename: master.filenameForm === 'missing' ? null : master.filename,
    takenAt: row.assetDate,
    favourite: row.favourite,
    hidden: row.hidden,
    trashed: row.trashedAt !== null,
    resources: [...master.resources, ...row.edits, ...master.edits.filter(({ key }) => row.edits.every((edit) => edit.key !== key))].map(({ key, content }) => ({ key, bytes: content.bytes, checksum: content.checksum, type: content.type })),
  };
}
