import { AckPolicy, DeliverPolicy, ReplayPolicy, type ConsumerConfig } from '@nats-io/jetstream';
import { catalogue, subjects, type ConsumerPolicy, type StageName, type Subject } from '@media-pipeline/contracts';
import { inNanos } from '../connection/broker-link';
import { advisoryStream, mediaStream } from './streams';

/** A consumer of the catalogue with the subject that it reads. */
export interface Intake extends ConsumerPolicy {
  readonly subject: Subject;
}

/** Changes to every policy of the catalogue; every process on the same broker has to say the same. */
export type Tuning = Partial<Pick<ConsumerPolicy, 'ackWaitMs' | 'maxDeliver' | 'backoffMs' | 'maxAckPending'>>;

/** Every consumer of the catalogue. */
export const intakes = (tuning: Tuning = {}): readonly Intake[] =>
  subjects.flatMap((subject) => catalogue[subject].handledBy.map((policy) => ({ ...policy, ...tuning, subject })));

/** The consumer through which `stage` takes in `subject`; the one named `durable` where it has several. */
export const intakeOf = (all: readonly Intake[], stage: StageName, subject: Subject, durable?: string): Intake | undefined =>
  all.find((intake) => intake.subject === subject && intake.stage === stage && (durable === undefined || intake.durable === durable));

/**
 * How often the server delivers a message that nobody settles before it gives it up: three times what the stage itself
 * grants a message that throws. The stage counts what it saw fail; the server counts every delivery, also those to a process
 * that died of it. So the server's limit is for crashes alone, and is wide enough that replicas which restart in mid-count,
 * or messages handed back while draining, do not meet it.
 */
export const deliveryLimit = (policy: Pick<ConsumerPolicy, 'maxDeliver'>): number => policy.maxDeliver * 3;

export interface ConsumerDefinition {
  readonly stream: string;
  readonly config: Partial<ConsumerConfig> & { readonly durable_name: string };
}

/** The pull consumer of an intake. No `backoff` here: on the server it would replace `ack_wait`; the delay comes with each nak. */
export const consumerDefinition = (intake: Intake): ConsumerDefinition => ({
  stream: mediaStream,
  config: {
    durable_name: intake.durable,
    filter_subject: intake.subject,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    replay_policy: ReplayPolicy.Instant,
    ack_wait: inNanos(intake.ackWaitMs),
    max_deliver: deliveryLimit(intake),
    max_ack_pending: intake.maxAckPending,
  },
});

export const advisoryDurable = (durable: string): string => `crashed-${durable}`;

/** The consumer from which the stage learns which of an intake's messages the server gave up. */
export const advisoryDefinition = (intake: Intake): ConsumerDefinition => ({
  stream: advisoryStream,
  config: {
    durable_name: advisoryDurable(intake.durable),
    filter_subject: `$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.${mediaStream}.${intake.durable}`,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    replay_policy: ReplayPolicy.Instant,
    ack_wait: inNanos(30_000),
    max_deliver: -1,
    max_ack_pending: 16,
  },
});
