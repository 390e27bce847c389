import { PipelineError } from '@media-pipeline/contracts';
import type { Clock } from '../clock';
import type { ICloudLog } from '../log';
import type { Answer } from './answer';
import { decide, retryAfterMs, type Outcome, type Patience, type Repeat } from './retry';
import { Dropped, type Transport, type WebRequest } from './transport';

/** Apple asks for silence that is longer than we sit out. */
export class RateLimited extends PipelineError {
  constructor(
    step: string,
    /** ms since 1970: ask again then. */
    readonly until: number,
  ) {
    super('ICLOUD_RATE_LIMITED', `${step}: Apple asks to wait until ${new Date(until).toISOString()}`);
  }
}

export interface SendOptions {
  /** What the request is for, in words for logs and errors. */
  readonly step: string;
  readonly repeat: Repeat;
  readonly patience: Patience;
  readonly signal?: AbortSignal | undefined;
  /** Called with each answer, also with those after which the request is sent again. */
  readonly onAnswer?: (answer: Answer, request: WebRequest) => Promise<void>;
}

export interface Sent {
  readonly answer: Answer;
  /** How often it was sent. */
  readonly tries: number;
}

/** Sends requests and repeats what is worth repeating. Logs step, status and time; no address, header or body. */
export class WebClient {
  constructor(
    readonly transport: Transport,
    private readonly clock: Clock,
    private readonly log: ICloudLog,
    private readonly random: () => number = Math.random,
  ) {}

  /**
   * @param build makes the request anew for each try, since tokens rotate with every answer
   * @returns the first answer that is neither 429, 503 nor a trouble of the server
   * @throws RateLimited, ICLOUD_UNREACHABLE; the signal's reason
   */
  async send(build: () => Promise<WebRequest>, options: SendOptions): Promise<Sent> {
    const { step, signal } = options;
    let waitedMs = 0;
    for (let tries = 1; ; tries++) {
      signal?.throwIfAborted();
      const tried = await this.attempt(await build(), options);
      const decision = decide(tried.outcome, tries, waitedMs, options.repeat, options.patience, this.random());
      if (decision.kind === 'take' && tried.answer) return { answer: tried.answer, tries };
      if (decision.kind === 'rate_limited') throw new RateLimited(step, this.clock.now() + decision.afterMs);
      if (decision.kind !== 'again') throw new PipelineError('ICLOUD_UNREACHABLE', `${step}: ${tried.trouble} (try ${tries})`);
      this.log.debug({ step, trouble: tried.trouble, afterMs: decision.afterMs }, 'iCloud is asked again');
      await this.clock.sleep(decision.afterMs, signal);
      waitedMs += decision.afterMs;
    }
  }

  private async attempt(request: WebRequest, { step, signal, onAnswer }: SendOptions): Promise<{ outcome: Outcome; trouble: string; answer: Answer | null }> {
    const began = performance.now();
    try {
      const answer = await this.transport.exchange(request, signal);
      this.log.debug({ step, status: answer.status, ms: Math.round(performance.now() - began) }, 'iCloud answered');
      await onAnswer?.(answer, request);
      const retryAfter = retryAfterMs(answer.headers['retry-after'], this.clock.now()) ?? bodyRetryAfterMs(answer);
      return { outcome: { kind: 'answer', status: answer.status, retryAfterMs: retryAfter }, trouble: `HTTP ${answer.status}`, answer };
    } catch (error) {
      if (!(error instanceof Dropped)) throw error;
      return { outcome: { kind: 'dropped', sent: error.sent }, trouble: error.message, answer: null };
    }
  }
}

/** CloudKit says in the body how many seconds to wait (`retryAfter`, CloudKit Web Services Reference). */
function bodyRetryAfterMs({ json }: Answer): number | null {
  const seconds = typeof json === 'object' && json !== null && 'retryAfter' in json ? json.retryAfter : null;
  return typeof seconds === 'number' && seconds >= 0 ? seconds * 1000 : null;
}
