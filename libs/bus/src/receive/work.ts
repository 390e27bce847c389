import { PipelineError, type Outcome } from '@media-pipeline/contracts';
import { Activity, type ProgressReporter } from '../progress';
import type { Intake } from '../topology/consumers';
import type { Delivery } from './delivery';
import { FailureCounts } from './failure-counts';
import { MessageContext } from './message-context';
import { aboutOf, looselyParse, parseBody } from './parse-body';
import type { SettledAs, Settlement } from './settle';

export type WorkHandler = (payload: unknown, context: MessageContext) => Promise<Outcome>;

/** What all messages of one consumer share. */
export interface WorkSetting {
  readonly intake: Intake;
  readonly handler: WorkHandler;
  readonly settlement: Settlement;
  readonly progress: ProgressReporter;
  readonly draining: AbortSignal;
}

const outcomeKinds: readonly unknown[] = ['done', 'skip', 'retry', 'dead'] satisfies Outcome['kind'][];
const isOutcome = (answer: Partial<Outcome> | undefined): answer is Outcome => outcomeKinds.includes(answer?.kind);

/** The work on one message, from delivery to settlement; says "working" to the broker all the while. */
export class Work {
  private abandoned = false;
  private heartbeat: NodeJS.Timeout | undefined;
  private activity: Activity | undefined;

  constructor(
    private readonly delivery: Delivery,
    private readonly setting: WorkSetting,
    private readonly failures: FailureCounts,
  ) {}

  static failureCounts(): FailureCounts {
    return new FailureCounts();
  }

  async run(): Promise<SettledAs> {
    const { intake, settlement, progress, draining } = this.setting;
    const { sequence } = this.delivery;
    // the settling counts too: a stream of emits can take longer than the work
    this.heartbeat = setInterval(() => this.delivery.working(), intake.ackWaitMs / 3);
    const activity = (this.activity = new Activity(progress, intake.stage, aboutOf(looselyParse(this.delivery.body)) ?? String(sequence)));
    try {
      const attempt = () => ({ failures: draining.aborted ? 0 : this.failures.add(sequence), deliveries: this.delivery.deliveries, draining: draining.aborted });
      const settled = await settlement.settle(this.delivery, intake, () => this.handle(activity), attempt, () => this.abandoned);
      if (settled !== 'retry') this.failures.clear(sequence);
      return settled;
    } finally {
      this.quiet();
    }
  }

  /** Gives the message to another replica. What the handler still does is not settled any more. */
  handBack(): void {
    this.abandoned = true;
    this.quiet();
    this.delivery.handBack();
  }

  private quiet(): void {
    clearInterval(this.heartbeat);
    this.activity?.end();
    this.activity = undefined;
  }

  private async handle(activity: Activity): Promise<Outcome> {
    const { subject, sequence, deliveries } = this.delivery;
    const payload = parseBody(this.setting.intake.subject, this.delivery.body);
    const context = new MessageContext(subject, sequence, deliveries, this.setting.draining, (label, fraction) => activity.report(label, fraction));
    // a handler that TypeScript did not see may return anything
    const outcome: Partial<Outcome> | undefined = await this.setting.handler(payload, context);
    if (!isOutcome(outcome)) throw new PipelineError('UNEXPECTED', `the handler of ${subject} returned no outcome`);
    return outcome;
  }
}
