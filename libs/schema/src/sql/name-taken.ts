import { PipelineError } from '@media-pipeline/contracts';

export const nameTaken = (path: string, cause?: unknown): PipelineError =>
  new PipelineError('NAME_CONFLICT', `another file has the name "${path}" (compared without case and Unicode form)`, { cause });
