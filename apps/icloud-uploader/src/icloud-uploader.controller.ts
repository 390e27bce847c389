import { Controller } from '@nestjs/common';
import { Handle, type MessageContext } from '@media-pipeline/bus';
import type { Outcome, Payload } from '@media-pipeline/contracts';
import { IcloudUploaderService } from './icloud-uploader.service';

@Controller()
export class IcloudUploaderController {
  constructor(private readonly icloud: IcloudUploaderService) {}

  @Handle('media.bridged.icloud')
  bridged(message: Payload<'media.bridged.icloud'>, context: MessageContext): Promise<Outcome> {
    return this.icloud.deliver(message, context);
  }
}
