import type { Connection } from '../engine/session';
import type { Repositories } from '../repositories';
import { SqlAssetRepository } from './asset-repository';
import { SqlBatchRepository } from './batch-repository';
import { SqlCloudContentRepository } from './cloud-content-repository';
import { SqlDuplicateRepository } from './duplicate-repository';
import { SqlCursorRepository } from './cursor-repository';
import { SqlHandOverRepository } from './hand-over-repository';
import { SqlJournalRepository } from './journal-repository';
import { SqlLikenessRepository } from './likeness-repository';
import { SqlLogRepository } from './log';
import { SqlOwnUploadRepository } from './own-upload-repository';
import { SqlRecompressionRepository } from './recompression-repository';
import { SqlRenditionRepository } from './rendition-repository';

/** All repositories on one connection (or one transaction). */
export const repositoriesOn = (connection: Connection): Repositories => ({
  assets: new SqlAssetRepository(connection),
  recompressions: new SqlRecompressionRepository(connection),
  renditions: new SqlRenditionRepository(connection),
  batches: new SqlBatchRepository(connection),
  journal: new SqlJournalRepository(connection),
  log: new SqlLogRepository(connection),
  duplicates: new SqlDuplicateRepository(connection),
  likeness: new SqlLikenessRepository(connection),
  cursors: new SqlCursorRepository(connection),
  cloudContents: new SqlCloudContentRepository(connection),
  ownUploads: new SqlOwnUploadRepository(connection),
  handOvers: new SqlHandOverRepository(connection),
});
