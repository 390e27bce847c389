import { Injectable } from '@nestjs/common';
import type { RecompressionEvent, RecompressionResult, TaskOptions } from '@media-pipeline/contracts';
import { Task } from '@media-pipeline/stage';
import { AgainPass } from './again-pass';

/** One pass because a person asked for it (`media-pipeline compress again`). */
@Injectable()
export class CompressAgain extends Task<'compress-again'> {
  constructor(private readonly pass: AgainPass) {
    super();
  }

  override run(options: TaskOptions<'compress-again'>, attendance: { readonly signal: AbortSignal; onEvent(event: RecompressionEvent): void }): Promise<RecompressionResult> {
    return this.pass.run(options, attendance);
  }
}
