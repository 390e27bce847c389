export { Database, type DatabaseConfig } from './database';
export type { DatabaseKind } from './engine/dialect';
export * from './records';
export {
  AssetRepository,
  BatchRepository,
  CursorRepository,
  JournalRepository,
  LogRepository,
  RenditionRepository,
  type Arrival,
  type ArrivingFile,
  type AssetFilter,
  type BatchLimits,
  type JournalEntry,
  type Repositories,
  type SeenSourceFile,
  type Staging,
} from './repositories';
