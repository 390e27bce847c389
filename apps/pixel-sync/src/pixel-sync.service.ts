import { Injectable } from '@nestjs/common';
import type { BatchMessage, Outcome } from '@media-pipeline/contracts';
import { Database } from '@media-pipeline/schema';
import { Logger, Settings, switchOff } from '@media-pipeline/stage';

/** The Pixel destination. This version has no route to the phone yet, so every batch ends as `off`, and says why. */
@Injectable()
export class PixelSyncService {
  constructor(
    private readonly settings: Settings,
    private readonly database: Database,
    private readonly logger: Logger,
  ) {}

  async deliver(message: BatchMessage): Promise<Outcome> {
    const reason = whyOff(this.settings);
    this.logger.warn({ batchId: message.batchId, code: 'DESTINATION_NOT_CONFIGURED' }, reason);
    return switchOff(this.database, 'pixel-sync', 'pixel', message, reason);
  }
}

export function whyOff({ enable, pixel }: Pick<Settings, 'enable' | 'pixel'>): string {
  if (!enable.pixelUpload) return 'the Pixel is switched off (ENABLE_PIXEL_UPLOAD=false)';
  if (pixel.syncthingApiKey === null) return 'the Pixel is not configured (SYNCTHING_API_KEY is empty): the files wait in the bridge';
  return 'this version cannot hand files to the Pixel yet: they wait in the bridge';
}
