import { Initial1763800000000 } from './1763800000000-initial';
import { RenditionProof1764000500000 } from './1764000500000-rendition-proof';

/** In order. A migration that has been released is never edited; a change is a new one. */
export const migrations = [Initial1763800000000, RenditionProof1764000500000];
