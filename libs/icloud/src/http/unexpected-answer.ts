import { PipelineError } from '@media-pipeline/contracts';
import { describe, property, textOf, type Answer } from './answer';

/** An answer of a web service that is no success, for whoever can make more of its status. */
export class UnexpectedAnswer extends PipelineError {
  readonly status: number;
  /** What the service says of it: `errorReason` of photosupload and of the old uploadimagews (as recorded: `{"requestUUID", "errorReason": "Gone", "errorCode": 410}`). */
  readonly reason: string;

  constructor(what: string, answer: Answer) {
    super('ICLOUD_ANSWER_UNKNOWN', `${what}: ${describe(answer)}`);
    this.status = answer.status;
    this.reason = textOf(property(answer.json, 'errorReason')) ?? textOf(property(answer.json, 'errorMessage')) ?? textOf(property(answer.json, 'reason')) ?? '';
  }
}
