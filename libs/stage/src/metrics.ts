import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';
import type { Outcome, StageName } from '@media-pipeline/contracts';

/** What the bus tells about each settled message. */
export interface SettledMessage {
  readonly stage: StageName;
  readonly subject: string;
  readonly outcome: Outcome['kind'];
  readonly ms: number;
}

/** Prometheus metrics of one process. */
export class Metrics {
  readonly registry = new Registry();
  private readonly messages = new Counter({
    name: 'media_messages_total',
    help: 'Messages settled, by stage, subject and outcome.',
    labelNames: ['stage', 'subject', 'outcome'] as const,
    registers: [this.registry],
  });
  private readonly duration = new Histogram({
    name: 'media_message_seconds',
    help: 'Time from delivery to settlement.',
    labelNames: ['stage'] as const,
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 600],
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  readonly settled = ({ stage, subject, outcome, ms }: SettledMessage): void => {
    this.messages.inc({ stage, subject, outcome });
    this.duration.observe({ stage }, ms / 1000);
  };
}
