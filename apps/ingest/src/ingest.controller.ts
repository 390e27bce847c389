import { Controller } from '@nestjs/common';
import { Handle, MessageContext } from '@media-pipeline/bus';
import type { Outcome, Payload } from '@media-pipeline/contracts';
import { FolderService } from './folder/folder.service';
import { ICloudService } from './icloud/icloud.service';
import { SourceScheduler } from './source-scheduler';

@Controller()
export class IngestController {
  constructor(
    private readonly folder: FolderService,
    private readonly icloud: ICloudService,
    private readonly scheduler: SourceScheduler,
  ) {}

  @Handle('media.ingest.requested', { durable: 'ingest' })
  folderRequested(request: Payload<'media.ingest.requested'>, context: MessageContext): Promise<Outcome> {
    return this.folder.read(request, context);
  }

  @Handle('media.ingest.requested', { durable: 'ingest-icloud' })
  async icloudRequested(request: Payload<'media.ingest.requested'>, context: MessageContext): Promise<Outcome> {
    return this.scheduler.byClock('icloud', await this.icloud.read(request, context));
  }

  @Handle('media.icloud.code')
  codeGiven(message: Payload<'media.icloud.code'>): Promise<Outcome> {
    return this.icloud.submit(message);
  }
}
