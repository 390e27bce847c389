export { contentIdentifier, movieTime, parseCreationDate, parseIso6709, readQuickTimeDates, type MovieLocation, type QuickTimeDates } from './dates';
export { describeMovie, type MovieDescription, type TrackDescription } from './describe';
export type { ColourTags, SampleDescription } from './sample-entry';
export { graftMovie, type Graft } from './graft';
export { graftObstacle } from './graft-conditions';
export { graftDifference } from './graft-proof';
export { scaleTrackMatrix } from './track-matrix';
export { transplantMetadata, type Transplant } from './transplant';
export { movieEmbedded, type MovieEmbedded } from './embedded';
