export { CloudContentRepository, type CloudContentFile, type CloudContentPage } from './cloud-contents';
export { Database, type DatabaseConfig } from './database';
export type { DatabaseKind } from './engine/dialect';
export { DuplicateRepository, type BetterName, type DuplicateDecision, type KnownFile, type SweepMove } from './duplicates';
export { HandOverRepository, type HandOver } from './hand-overs';
export { LikenessRepository, type Fingerprint, type Relation, type SimilarGroup, type SimilarPair } from './likeness';
export { OwnUploadRepository, type OwnUpload } from './own-uploads';
export * from './records';
export { RecompressionRepository, type Recompression, type Swap } from './recompressions';
export {
  AssetRepository,
  BatchRepository,
  CursorRepository,
  JournalRepository,
  LogRepository,
  RenditionRepository,
  type Arrival,
  type ArrivedFile,
  type ArrivingFile,
  type AssetFilter,
  type BatchLimits,
  type JournalEntry,
  type KnownContent,
  type Repositories,
  type SeenSourceFile,
  type Staging,
} from './repositories';
