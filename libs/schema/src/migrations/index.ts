import { Initial1763800000000 } from './1763800000000-initial';
import { RenditionProof1764000500000 } from './1764000500000-rendition-proof';
import { Likeness1764600000000 } from './1764600000000-likeness';
import { Recompressions1764700000000 } from './1764700000000-recompressions';

/** In order. A migration that has been released is never edited; a change is a new one. */
export const migrations = [Initial1763800000000, RenditionProof1764000500000, Likeness1764600000000, Recompressions1764700000000];
