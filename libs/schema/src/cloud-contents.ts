/** One file of an asset in iCloud, as the last reading of its zone found it. */
export interface CloudContentFile {
  readonly recordName: string;
  readonly masterName: string;
  /** Which file of the asset: `original`, `alternative`, `live_video`. */
  readonly role: string;
  /** Apple's checksum of its bytes. */
  readonly checksum: string;
  readonly bytes: number;
  readonly state: 'shown' | 'hidden' | 'trashed';
}

/** What a reading of a zone brought, to be kept whole or not at all. */
export interface CloudContentPage {
  /** Whatever is kept of the zone goes first. */
  readonly fromScratch: boolean;
  /** Record names: whatever was kept of these assets goes; `files` is what they have. */
  readonly assets: readonly string[];
  readonly files: readonly CloudContentFile[];
  /** Where the next reading goes on; null: it begins anew. */
  readonly syncToken: string | null;
}

/** A copy of what is in iCloud, by content, so that an upload can ask what is there without listing a library. Lost, it is made again. */
export abstract class CloudContentRepository {
  abstract syncToken(zone: string): Promise<string | null>;
  abstract save(zone: string, page: CloudContentPage): Promise<void>;
  /** All files of the zone with one of these checksums. */
  abstract find(zone: string, checksums: readonly string[]): Promise<CloudContentFile[]>;
}
