import { Controller } from '@nestjs/common';
import { Handle } from '@media-pipeline/bus';
import type { Outcome, Payload } from '@media-pipeline/contracts';
import { DedupeService } from './dedupe.service';

@Controller()
export class DedupeController {
  constructor(private readonly dedupe: DedupeService) {}

  @Handle('media.discovered')
  discovered(message: Payload<'media.discovered'>): Promise<Outcome> {
    return this.dedupe.judge(message);
  }
}
