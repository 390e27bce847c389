import { PipelineError } from '@media-pipeline/contracts';
import { z } from 'zod';
import type { Clock } from '../clock';
import type { ServiceClient } from '../service';
import { answerError, isPassing, passingRecordError, toError, type AnswerError } from './answer-errors';
import { backoffMs } from './backoff';
import type { Database } from './types';

const repetitions = 6;
const longestWaitMs = 5 * 60_000;

interface Question<T> {
  readonly database: Database;
  /** Below the database: `/records/query`. */
  readonly path: string;
  readonly body: unknown;
  readonly answer: z.ZodType<T>;
  readonly signal?: AbortSignal | undefined;
  /** What an error in the answer means here. */
  readonly toError?: (error: AnswerError, what: string) => PipelineError;
}

/** Questions to the photos container; answers that ask to come again later are asked for again. */
export class PhotosCalls {
  constructor(
    private readonly service: ServiceClient,
    private readonly clock: Pick<Clock, 'sleep'>,
  ) {}

  /**
   * @throws what ServiceClient.call throws; ICLOUD_RATE_LIMITED when the answer stays "later", ICLOUD_ANSWER_UNKNOWN for one that cannot be read,
   * and what `toError` makes of an error inside the answer
   */
  async ask<T>({ database, path, body, answer, signal, toError: errorFor = toError }: Question<T>): Promise<T> {
    for (let attempt = 0; ; attempt += 1) {
      const received = await this.service.call('ckdatabasews', `/database/1/com.apple.photos.cloud/production/${database}${path}`, {
        query: { remapEnums: 'true', getCurrentSyncToken: 'true' },
        body,
        ...(signal && { signal }),
      });
      const error = answerError(received);
      const passing = error ? (isPassing(error.code) ? error : null) : passingRecordError(received);
      if (passing && attempt < repetitions) {
        const waitMs = passing.retryAfterMs ?? backoffMs(attempt);
        if (waitMs > longestWaitMs) throw toError(passing, path);
        await this.clock.sleep(waitMs, signal);
        continue;
      }
      if (error) throw errorFor(error, path);
      const parsed = answer.safeParse(received);
      if (!parsed.success) throw new PipelineError('ICLOUD_ANSWER_UNKNOWN', `${path}: ${z.prettifyError(parsed.error)}`);
      return parsed.data;
    }
  }
}
