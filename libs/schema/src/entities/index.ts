import type { Dialect } from '../engine/dialect';
import { archiveNameEntity } from './archive-name.entity';
import { assetEntity } from './asset.entity';
import { batchEntity } from './batch.entity';
import { cloudContentEntity, cloudZoneEntity } from './cloud-content.entities';
import { contentChecksumEntity } from './content-checksum.entity';
import { contentClaimEntity } from './content-claim.entity';
import { deliveryEntity } from './delivery.entity';
import { duplicateFileEntity } from './duplicate-file.entity';
import { duplicateDecisionEntity, knownFileEntity, sweepMoveEntity } from './duplicates.entities';
import { fileJournalEntity } from './file-journal.entity';
import { handOverEntity } from './hand-over.entity';
import { fingerprintEntity, similarGroupEntity, similarMemberEntity, similarPairEntity } from './likeness.entities';
import { mediaFileEntity } from './media-file.entity';
import { outboxEntity } from './outbox.entity';
import { ownUploadEntity } from './own-upload.entity';
import { pipelineLogEntity } from './pipeline-log.entity';
import { recompressionEntity } from './recompression.entity';
import { renditionEntity } from './rendition.entity';
import { sourceCursorEntity } from './source-cursor.entity';
import { sourceFileEntity } from './source-file.entity';

/** Every table, in the engine's own column types. */
export const entities = ({ types }: Dialect) =>
  [
    archiveNameEntity,
    assetEntity,
    batchEntity,
    cloudContentEntity,
    cloudZoneEntity,
    contentChecksumEntity,
    contentClaimEntity,
    deliveryEntity,
    duplicateDecisionEntity,
    duplicateFileEntity,
    fingerprintEntity,
    knownFileEntity,
    similarGroupEntity,
    similarMemberEntity,
    similarPairEntity,
    sweepMoveEntity,
    fileJournalEntity,
    handOverEntity,
    mediaFileEntity,
    outboxEntity,
    ownUploadEntity,
    pipelineLogEntity,
    recompressionEntity,
    renditionEntity,
    sourceCursorEntity,
    sourceFileEntity,
  ].map((entity) => entity(types));
