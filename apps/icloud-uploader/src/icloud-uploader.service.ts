import { Injectable } from '@nestjs/common';
import type { BatchMessage, Outcome } from '@media-pipeline/contracts';
import { Database } from '@media-pipeline/schema';
import { Logger, Settings, switchOff } from '@media-pipeline/stage';

/** The iCloud destination. This version has no route to iCloud Photos yet, so every batch ends as `off`, and says why. */
@Injectable()
export class IcloudUploaderService {
  constructor(
    private readonly settings: Settings,
    private readonly database: Database,
    private readonly logger: Logger,
  ) {}

  async deliver(message: BatchMessage): Promise<Outcome> {
    const reason = whyOff(this.settings);
    this.logger.warn({ batchId: message.batchId, code: 'DESTINATION_NOT_CONFIGURED' }, reason);
    return switchOff(this.database, 'icloud-uploader', 'icloud', message, reason);
  }
}

export function whyOff({ enable, icloud }: Pick<Settings, 'enable' | 'icloud'>): string {
  if (!enable.icloudUpload) return 'upload to iCloud is switched off (ENABLE_ICLOUD_UPLOAD=false)';
  if (icloud.username === null) return 'iCloud is not configured (ICLOUD_USERNAME is empty): the files wait in the bridge';
  return 'this version cannot upload to iCloud yet: the files wait in the bridge';
}
