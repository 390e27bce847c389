import { DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream';
import { subjects } from '@media-pipeline/contracts';
import { inNanos } from '../connection/broker-link';

export const mediaStream = 'MEDIA';
export const deadStream = 'DEAD';
export const advisoryStream = 'ADVISORIES';

const minute = 60_000;
const day = 24 * 60 * minute;
const mebibyte = 2 ** 20;

export type StreamDefinition = Partial<StreamConfig> & Pick<StreamConfig, 'name' | 'subjects'>;

/**
 * The three streams.
 *
 * MEDIA lists every subject by name, so that `media.failed.>` stays out of it and a misspelt subject is answered with
 * "no responders" instead of being stored where nobody looks. Limits retention: interest retention would drop what is
 * said before a consumer exists, work-queue retention allows no second consumer. `discard: new` makes a full stream an
 * error for the one who publishes instead of a loss for the one who reads. It has a limit by number too, meant to be met
 * first: near its limit by bytes, 2.9 compares without the record's overhead and drops the oldest message after all.
 *
 * DEAD keeps dead letters until somebody retries or drops them.
 *
 * ADVISORIES keeps what the server says when it gives a message up (its deliveries are used up without an ack).
 */
export const streamDefinitions: readonly StreamDefinition[] = [
  {
    name: mediaStream,
    subjects: [...subjects],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    max_bytes: 1024 * mebibyte,
    max_msgs: 4_000_000, // about 800 MiB of ours
    max_age: inNanos(30 * day),
    duplicate_window: inNanos(10 * minute),
  },
  {
    name: deadStream,
    subjects: ['media.failed.>'],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    duplicate_window: inNanos(10 * minute),
  },
  {
    name: advisoryStream,
    subjects: [`$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.${mediaStream}.>`],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    max_bytes: 64 * mebibyte,
    max_age: inNanos(30 * day),
  },
];
