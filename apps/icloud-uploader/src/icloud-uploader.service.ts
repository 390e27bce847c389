import { Injectable } from '@nestjs/common';
import { Bus, type MessageContext } from '@media-pipeline/bus';
import { done, emit, PipelineError, type BatchMessage, type Outcome } from '@media-pipeline/contracts';
import { Database } from '@media-pipeline/schema';
import { Logger, Settings, switchOff } from '@media-pipeline/stage';
import { BatchUpload } from './batch-upload';
import type { Failed } from './delivery-ledger';

/** The iCloud destination: a batch counts as uploaded when iCloud shows each of its files, or will never take it. */
@Injectable()
export class IcloudUploaderService {
  constructor(
    private readonly settings: Settings,
    private readonly database: Database,
    private readonly bus: Bus,
    private readonly upload: BatchUpload,
    private readonly logger: Logger,
  ) {}

  async deliver(message: BatchMessage, context: Pick<MessageContext, 'signal' | 'report'>): Promise<Outcome> {
    const reason = whyOff(this.settings);
    if (reason !== null) {
      this.logger.warn({ batchId: message.batchId, code: 'DESTINATION_NOT_CONFIGURED' }, reason);
      return await switchOff(this.database, 'icloud-uploader', 'icloud', message, reason);
    }
    const { batchId } = message;
    const batch = await this.database.batches.find(batchId);
    if (!batch) throw new PipelineError('UNKNOWN_ASSET', `No batch is known by ${batchId}.`);
    if (batch.destination !== 'icloud') throw new PipelineError('INVALID_MESSAGE', `Batch ${batchId} is for ${batch.destination}, not for icloud.`);
    await this.database.batches.move(batchId, 'created', 'uploading');
    const failed = await this.upload.bring(batch, { signal: context.signal, report: (label, fraction) => { context.report(label, fraction); } });
    if (failed.length > 0) await this.tell(batchId, failed);
    await this.database.batches.move(batchId, 'uploading', 'uploaded');
    return done(emit('media.uploaded.icloud', { batchId }, batchId));
  }

  /** What iCloud will not get, said once to a person; the dead letter, sent again, tries it again. The rest of the batch goes on. */
  private async tell(batchId: string, failed: readonly Failed[]): Promise<void> {
    const [first] = failed;
    if (!first) return;
    const reason = `${failed.length === 1 ? 'one file is' : `${failed.length} files are`} not in iCloud and wait in the bridge: ${failed.map(({ name, code, reason: why }) => `${name} (${code}: ${why})`).join('; ')}`;
    await this.bus.deadLetter({ stage: 'icloud-uploader', subject: 'media.bridged.icloud', code: first.code, reason, payload: { batchId } });
  }
}

/** Why nothing is uploaded; null when it is. */
export function whyOff({ enable, icloud }: Pick<Settings, 'enable' | 'icloud'>): string | null {
  if (!enable.icloudUpload) return 'upload to iCloud is switched off (ENABLE_ICLOUD_UPLOAD=false)';
  if (icloud.username === null) return 'iCloud is not configured (ICLOUD_USERNAME is empty): the files wait in the bridge';
  return null;
}
