import { Controller } from '@nestjs/common';
import { Handle, MessageContext } from '@media-pipeline/bus';
import type { Outcome, Payload } from '@media-pipeline/contracts';
import { IngestService } from './ingest.service';

@Controller()
export class IngestController {
  constructor(private readonly ingest: IngestService) {}

  @Handle('media.ingest.requested')
  requested(request: Payload<'media.ingest.requested'>, context: MessageContext): Promise<Outcome> {
    return this.ingest.read(request, context);
  }
}
