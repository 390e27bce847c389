import { Controller } from '@nestjs/common';
import { Handle } from '@media-pipeline/bus';
import type { Outcome, Payload } from '@media-pipeline/contracts';
import { SorterService } from './sorter.service';

@Controller()
export class SorterController {
  constructor(private readonly sorter: SorterService) {}

  @Handle('media.compressed', { durable: 'sorter-early' })
  compressed(message: Payload<'media.compressed'>): Promise<Outcome> {
    return this.sorter.archiveEarly(message);
  }

  @Handle('media.uploaded.icloud', { durable: 'sorter-icloud' })
  uploadedIcloud(message: Payload<'media.uploaded.icloud'>): Promise<Outcome> {
    return this.sorter.archiveBatch(message);
  }

  @Handle('media.verified', { durable: 'sorter' })
  verified(message: Payload<'media.verified'>): Promise<Outcome> {
    return this.sorter.finish(message);
  }
}
