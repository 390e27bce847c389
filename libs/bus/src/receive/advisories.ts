import { z } from 'zod';
import type { BrokerLink } from '../connection/broker-link';
import { isMissing } from '../connection/broker-errors';
import type { BusLogger } from '../logger';
import type { Intake } from '../topology/consumers';
import { mediaStream } from '../topology/streams';
import type { Delivery } from './delivery';
import type { Settlement } from './settle';

/** `io.nats.jetstream.advisory.v1.max_deliver`, as far as we need it. */
const MaxDeliveries = z.object({ stream_seq: z.int().positive(), deliveries: z.int().nonnegative() });

const patienceMs = 30_000;
const againAfterMs = 5_000;

/**
 * Makes dead letters of messages that the server gave up: every process that took one died before it could say anything,
 * so no code of ours ever saw it fail.
 */
export class Advisories {
  constructor(
    private readonly link: BrokerLink,
    private readonly settlement: Settlement,
    private readonly intake: Intake,
    private readonly logger: BusLogger,
  ) {}

  async take(delivery: Delivery): Promise<void> {
    try {
      const advisory = MaxDeliveries.safeParse(parse(delivery.body));
      if (advisory.success) await this.bury(advisory.data.stream_seq, advisory.data.deliveries);
      else this.logger.warn({ body: Buffer.from(delivery.body).toString('utf8') }, 'an advisory that cannot be read');
      await delivery.ack();
    } catch (thrown) {
      this.logger.warn({ err: thrown, durable: this.intake.durable }, 'could not bury a message that the server gave up; trying again');
      await delivery.nak(againAfterMs).catch(() => undefined);
    }
  }

  private async bury(sequence: number, deliveries: number): Promise<void> {
    const message = await this.link.patiently('reading a message that the server gave up', patienceMs, () =>
      this.link.manager.streams.getMessage(mediaStream, { seq: sequence }).catch((thrown: unknown) => {
        if (isMissing(thrown)) return null;
        throw thrown;
      }),
    );
    if (message === null) {
      this.logger.warn({ sequence, durable: this.intake.durable }, 'a message that the server gave up is no longer stored');
      return;
    }
    const reason = `given up after ${deliveries} deliveries: whatever worked on it died or hung each time`;
    await this.settlement.bury({ kind: 'dead', code: 'CRASHED_EVERY_TIME', reason }, this.intake, { subject: message.subject, body: message.data, sequence, deliveries });
    await this.settlement.forget(sequence, this.intake);
  }
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return undefined;
  }
}
