import { Controller } from '@nestjs/common';
import { Handle, type MessageContext } from '@media-pipeline/bus';
import type { Outcome, Payload } from '@media-pipeline/contracts';
import { VerifierService } from './verifier.service';

@Controller()
export class VerifierController {
  constructor(private readonly verifier: VerifierService) {}

  @Handle('media.uploaded.icloud')
  uploadedIcloud(message: Payload<'media.uploaded.icloud'>, context: MessageContext): Promise<Outcome> {
    return this.verifier.verifyBatch(message, context);
  }

  @Handle('media.uploaded.pixel')
  uploadedPixel(message: Payload<'media.uploaded.pixel'>, context: MessageContext): Promise<Outcome> {
    return this.verifier.verifyBatch(message, context);
  }

  @Handle('media.bridged.none')
  bridgedNowhere(message: Payload<'media.bridged.none'>): Promise<Outcome> {
    return this.verifier.verifyAsset(message);
  }
}
