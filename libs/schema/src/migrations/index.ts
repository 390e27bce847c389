import { Initial1763800000000 } from './1763800000000-initial';
import { ICloudIn1764500000000 } from './1764500000000-icloud-in';
import { Likeness1764600000000 } from './1764600000000-likeness';
import { RenditionProof1764650000000 } from './1764650000000-rendition-proof';
import { Recompressions1764700000000 } from './1764700000000-recompressions';
import { ContentChecksums1764750000000 } from './1764750000000-content-checksums';
import { CloudContents1764800000000 } from './1764800000000-cloud-contents';
import { OwnUploads1764850000000 } from './1764850000000-own-uploads';
import { HandOvers1764900000000 } from './1764900000000-hand-overs';

/** In order. A migration that has been released is never edited; a change is a new one. */
export const migrations = [Initial1763800000000, ICloudIn1764500000000, Likeness1764600000000, RenditionProof1764650000000, Recompressions1764700000000, ContentChecksums1764750000000, CloudContents1764800000000, OwnUploads1764850000000, HandOvers1764900000000];
