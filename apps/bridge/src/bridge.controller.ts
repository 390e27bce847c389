import { Controller } from '@nestjs/common';
import { Handle } from '@media-pipeline/bus';
import type { Outcome, Payload } from '@media-pipeline/contracts';
import { BridgeService } from './bridge.service';

@Controller()
export class BridgeController {
  constructor(private readonly bridge: BridgeService) {}

  @Handle('media.compressed')
  compressed(message: Payload<'media.compressed'>): Promise<Outcome> {
    return this.bridge.stage(message);
  }
}
