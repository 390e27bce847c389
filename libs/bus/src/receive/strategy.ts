import { CustomTransportStrategy, Server, type MessageHandler } from '@nestjs/microservices';
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { isObservable, lastValueFrom } from 'rxjs';
import { isSubject, PipelineError, type Outcome, type StageName } from '@media-pipeline/contracts';
import type { Bus } from '../bus';
import type { DeadLetterListener } from '../dead-letters/dead-letter-listener';
import { silentLogger, type BusLogger } from '../logger';
import { advisoryDurable, intakeOf, type Intake } from '../topology/consumers';
import { advisoryStream, mediaStream } from '../topology/streams';
import { Advisories } from './advisories';
import type { HandleExtras } from './handle';
import { Lane } from './lane';
import { Settlement, type SettledAs } from './settle';
import { Work, type WorkHandler } from './work';

/** One message, settled. */
export interface SettledMessage {
  readonly stage: StageName;
  readonly durable: string;
  readonly subject: string;
  readonly outcome: SettledAs;
  /** From delivery to settlement. */
  readonly ms: number;
}

export interface StrategyOptions {
  readonly bus: Bus;
  readonly stage: StageName;
  /** Messages at a time, of each subject; instead of what the catalogue says. */
  readonly lanes?: number;
  /** How long (ms) messages under way may take to end when the stage is asked to stop. */
  readonly drainMs: number;
  readonly deadLetterListener: DeadLetterListener;
  readonly logger?: BusLogger;
  readonly metrics?: (settled: SettledMessage) => void;
}

/**
 * Nest's transport for one stage: gives the messages of the stage's consumers to the methods marked with `@Handle` and settles
 * them. Nest's own NATS transport has no acknowledgements; what is published while a stage is down would be lost.
 */
export class JetStreamStrategy extends Server implements CustomTransportStrategy {
  override readonly transportId = Symbol('JETSTREAM');
  private readonly draining = new AbortController();
  private readonly underWay = new Set<Work>();
  private readonly lanes: Lane[] = [];
  private readonly log: BusLogger;

  constructor(private readonly options: StrategyOptions) {
    super();
    this.log = options.logger ?? silentLogger;
  }

  /** @throws (through the callback) SETTINGS_INVALID when a handler fits no consumer of the stage, BROKER_UNAVAILABLE */
  async listen(callback: (error?: unknown) => void): Promise<void> {
    try {
      const { bus, deadLetterListener } = this.options;
      const handled = [...this.messageHandlers].map(([pattern, handler]) => ({ intake: this.intakeFor(pattern, handler), handler }));
      await bus.provision();
      const settlement = new Settlement(bus.publisher, deadLetterListener, this.log);
      for (const { intake, handler } of handled) this.takeIn(intake, toWorkHandler(handler), settlement);
      callback();
    } catch (thrown) {
      callback(thrown);
    }
  }

  /** Takes no more, gives what is under way `drainMs` to end, hands the rest back. */
  async close(): Promise<void> {
    if (this.draining.signal.aborted) return;
    this.draining.abort();
    const ended = Promise.all(this.lanes.map((lane) => lane.stop()));
    const given = new AbortController();
    await Promise.race([ended, delay(this.options.drainMs, undefined, { signal: given.signal }).catch(() => undefined)]);
    given.abort();
    if (this.underWay.size > 0) this.log.warn({ stage: this.options.stage, messages: this.underWay.size }, 'handing unfinished messages back');
    for (const work of this.underWay) work.handBack();
    await this.options.bus.flush();
  }

  // Nest asks for these of every transport; there is nothing to listen to or to unwrap
  on(): void {}
  unwrap(): never {
    throw new Error('the broker connection is not handed out');
  }

  private intakeFor(pattern: string, handler: MessageHandler): Intake {
    const { stage, bus } = this.options;
    const { subject, durable } = extrasOf(pattern, handler);
    const intake = intakeOf(bus.intakes, stage, subject, durable);
    if (!intake) throw new PipelineError('SETTINGS_INVALID', `the catalogue gives the stage ${stage} no consumer ${durable ?? ''} on ${subject}`);
    if (handler.next) throw new PipelineError('SETTINGS_INVALID', `two handlers for ${subject} in the stage ${stage}`);
    return intake;
  }

  private takeIn(intake: Intake, handler: WorkHandler, settlement: Settlement): void {
    const { bus, stage, metrics } = this.options;
    const shared = { intake, handler, settlement, progress: bus.progress, draining: this.draining.signal };
    const failures = Work.failureCounts();
    const work = (): Lane =>
      new Lane(bus, { stream: mediaStream, durable: intake.durable }, async (delivery) => {
        const startedAt = performance.now();
        const piece = new Work(delivery, shared, failures);
        this.underWay.add(piece);
        const outcome = await piece.run();
        this.underWay.delete(piece);
        metrics?.({ stage, durable: intake.durable, subject: delivery.subject, outcome, ms: performance.now() - startedAt });
      }, this.log);
    for (let lane = 0; lane < laneCount(intake, this.options.lanes); lane++) this.lanes.push(work());

    const advisories = new Advisories(bus.link, settlement, intake, this.log);
    const source = { stream: advisoryStream, durable: advisoryDurable(intake.durable) };
    this.lanes.push(new Lane(bus, source, (delivery) => advisories.take(delivery), this.log));
  }
}

/** No more lanes than messages that may be under way. */
export const laneCount = (intake: Pick<Intake, 'lanes' | 'maxAckPending'>, wanted: number | undefined, cores = availableParallelism()): number =>
  Math.max(1, Math.min(wanted ?? (intake.lanes === 'perCore' ? cores : intake.lanes), intake.maxAckPending));

function extrasOf(pattern: string, { extras = {} }: MessageHandler): HandleExtras {
  const subject: unknown = extras['subject'];
  const durable: unknown = extras['durable'];
  if (typeof subject !== 'string' || !isSubject(subject)) throw new PipelineError('SETTINGS_INVALID', `the handler of "${pattern}" is not marked with @Handle`);
  return typeof durable === 'string' ? { subject, durable } : { subject };
}

const toWorkHandler =
  (handler: MessageHandler): WorkHandler =>
  async (payload, context) => {
    // an error comes as an Observable that fails; only its subscriber sees it
    const answer: unknown = await handler(payload, context);
    return (isObservable(answer) ? await lastValueFrom(answer) : answer) as Outcome;
  };

