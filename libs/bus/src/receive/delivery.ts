import type { Msg } from '@nats-io/transport-node';
import { isMissing } from '../connection/broker-errors';
import { inNanos, type BrokerLink } from '../connection/broker-link';

/** What JetStream writes into the reply subject of a message that it delivers. */
export interface DeliveryFacts {
  readonly sequence: number;
  /** This one included. */
  readonly deliveries: number;
}

/**
 * `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream seq>.<consumer seq>.<time>.<pending>`, since nats-server 2.10 with
 * `<domain>.<account hash>` before the stream and a token at the end (NATS ADR-15).
 */
export function parseReply(reply: string): DeliveryFacts | undefined {
  const tokens = reply.split('.');
  if (tokens[0] !== '$JS' || tokens[1] !== 'ACK' || tokens.length < 9) return undefined;
  const offset = tokens.length === 9 ? 4 : 6;
  const deliveries = Number(tokens[offset]);
  const sequence = Number(tokens[offset + 1]);
  return Number.isSafeInteger(deliveries) && Number.isSafeInteger(sequence) ? { sequence, deliveries } : undefined;
}

/** How long settling may take while the broker is away. Past this the message comes again, and its handler finds the work done. */
const settlePatienceMs = 120_000;

/** When nobody hears the settlement for so long, the consumer is gone with the broker's store, and the message with it. */
const missingPatienceMs = 2_000;

/** One message in our hands until it is settled. Every settlement is confirmed by the server and repeated over reconnects. */
export class Delivery {
  constructor(
    private readonly link: BrokerLink,
    private readonly message: Msg,
    private readonly facts: DeliveryFacts,
  ) {}

  get subject(): string {
    return this.message.subject;
  }
  get body(): Uint8Array {
    return this.message.data;
  }
  get sequence(): number {
    return this.facts.sequence;
  }
  get deliveries(): number {
    return this.facts.deliveries;
  }

  /** Done with. @throws PipelineError BROKER_UNAVAILABLE */
  ack(): Promise<void> {
    return this.settle('+ACK');
  }

  /** Again, after `afterMs`. @throws PipelineError BROKER_UNAVAILABLE */
  nak(afterMs: number): Promise<void> {
    return this.settle(nakBody(afterMs));
  }

  /** Never again. (The reason that newer servers take is not understood by 2.9.) @throws PipelineError BROKER_UNAVAILABLE */
  term(): Promise<void> {
    return this.settle('+TERM');
  }

  /** Says that somebody is still at it: the server starts `ack_wait` anew. */
  working(): void {
    this.link.send(this.reply, '+WPI');
  }

  /** Gives the message back at once without waiting for an answer: for shutdown. */
  handBack(): void {
    this.link.send(this.reply, nakBody(0));
  }

  private get reply(): string {
    return this.message.reply ?? '';
  }

  private async settle(word: string): Promise<void> {
    let missingSince: number | undefined;
    await this.link.patiently(`settling message ${this.sequence} of ${this.subject}`, settlePatienceMs, async () => {
      try {
        await this.link.ask(this.reply, word);
      } catch (thrown) {
        if (!isMissing(thrown)) throw thrown;
        missingSince ??= Date.now();
        if (Date.now() - missingSince < missingPatienceMs) throw thrown;
      }
    });
  }
}

const nakBody = (afterMs: number): string => (afterMs > 0 ? `-NAK ${JSON.stringify({ delay: inNanos(Math.round(afterMs)) })}` : '-NAK');
