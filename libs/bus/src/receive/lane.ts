import { setTimeout as delay } from 'node:timers/promises';
import type { BrokerLink } from '../connection/broker-link';
import type { BusLogger } from '../logger';
import type { Delivery } from './delivery';
import { Puller } from './puller';

const refusedPauseMs = 1_000;

export interface LaneSource {
  readonly stream: string;
  readonly durable: string;
}

/** What a lane needs of the bus. */
export interface LaneBroker {
  readonly link: BrokerLink;
  /** Resolves when there is a connection and the broker has its streams and consumers, or when `signal` fires. */
  ready(signal: AbortSignal): Promise<void>;
  /** Makes lost consumers anew. */
  provision(): Promise<void>;
}

/** One lane: takes one message, works on it to its end, takes the next. */
export class Lane {
  private readonly puller: Puller;
  private readonly stopping = new AbortController();
  private readonly ended: Promise<void>;

  /** @param work must not throw */
  constructor(
    private readonly broker: LaneBroker,
    private readonly source: LaneSource,
    private readonly work: (delivery: Delivery) => Promise<void>,
    private readonly logger: BusLogger,
  ) {
    this.puller = new Puller(broker.link, source.stream, source.durable);
    this.ended = this.run();
  }

  /** Takes no more; resolves when the message under way, if any, is done with. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.puller.stop();
    await this.ended;
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      await this.broker.ready(this.stopping.signal);
      const pulled = await this.puller.next();
      if (pulled.kind === 'message') {
        await this.work(pulled.delivery);
      } else if (pulled.kind !== 'nothing') {
        this.logger.warn({ ...this.source, reason: pulled.reason }, 'cannot take messages');
        if (pulled.kind === 'missing') await this.broker.provision().catch((thrown: unknown) => this.logger.warn({ err: thrown }, 'could not restore the consumer'));
        await delay(refusedPauseMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      }
    }
  }
}
