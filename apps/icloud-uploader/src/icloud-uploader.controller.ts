import { Controller } from '@nestjs/common';
import { Handle } from '@media-pipeline/bus';
import type { Outcome, Payload } from '@media-pipeline/contracts';
import { IcloudUploaderService } from './icloud-uploader.service';

@Controller()
export class IcloudUploaderController {
  constructor(private readonly icloud: IcloudUploaderService) {}

  @Handle('media.bridged.icloud')
  bridged(message: Payload<'media.bridged.icloud'>): Promise<Outcome> {
    return this.icloud.deliver(message);
  }
}
