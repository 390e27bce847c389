import { Controller } from '@nestjs/common';
import { Handle } from '@media-pipeline/bus';
import type { Outcome, Payload } from '@media-pipeline/contracts';
import { PixelSyncService } from './pixel-sync.service';

@Controller()
export class PixelSyncController {
  constructor(private readonly pixel: PixelSyncService) {}

  @Handle('media.bridged.pixel')
  bridged(message: Payload<'media.bridged.pixel'>): Promise<Outcome> {
    return this.pixel.deliver(message);
  }
}
