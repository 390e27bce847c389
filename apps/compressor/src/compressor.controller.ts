import { Controller } from '@nestjs/common';
import { Handle, MessageContext } from '@media-pipeline/bus';
import type { Outcome, Payload } from '@media-pipeline/contracts';
import { CompressorService } from './compressor.service';

@Controller()
export class CompressorController {
  constructor(private readonly compressor: CompressorService) {}

  @Handle('media.unique')
  unique(message: Payload<'media.unique'>, context: MessageContext): Promise<Outcome> {
    return this.compressor.compress(message, { signal: context.signal, report: (label, fraction) => context.report(label, fraction) });
  }
}
