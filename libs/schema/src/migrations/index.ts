import { Initial1763800000000 } from './1763800000000-initial';
import { ICloudIn1764500000000 } from './1764500000000-icloud-in';

/** In order. A migration that has been released is never edited; a change is a new one. */
export const migrations = [Initial1763800000000, ICloudIn1764500000000];
