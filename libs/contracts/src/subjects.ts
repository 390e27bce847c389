import { z } from 'zod';
import { LibraryPath } from './library-path';
import type { StageName } from './stages';

const AssetId = z.uuid();

/**
 * A message about one asset names it by id, or, written by hand, by the path of one of its files in the library.
 * When both are there, the id counts.
 */
export const AssetMessage = z
  .object({ assetId: AssetId.optional(), path: LibraryPath.optional() })
  .refine((message) => message.assetId !== undefined || message.path !== undefined, 'needs "assetId" or "path"');
export type AssetMessage = z.infer<typeof AssetMessage>;

export const BatchMessage = z.object({ batchId: z.uuid() });
export type BatchMessage = z.infer<typeof BatchMessage>;

const IngestRequest = z.object({
  /** Which source to read; all that are switched on when left out. */
  source: z.enum(['folder', 'icloud']).optional(),
  /** iCloud: list the whole library even where a sync token would do. */
  full: z.boolean().optional(),
});

/** A code of two-factor authentication, from whoever has it: the CLI, the dashboard, the Telegram bot. Never kept: see `secret` in the catalogue. */
const ICloudCode = z.object({ code: z.string().regex(/^\d{6}$/, 'is six digits') });

/** How one stage takes a subject in: one durable pull consumer named `durable`, shared by all replicas of the stage. */
export interface ConsumerPolicy {
  readonly stage: StageName;
  readonly durable: string;
  /** Messages that one process works on at a time; `perCore` is multiplied by the cores of the machine. */
  readonly lanes: number | 'perCore';
  /** A message that nobody heartbeats for this long (ms) goes to another replica. */
  readonly ackWaitMs: number;
  /** After so many deliveries a message is dead. */
  readonly maxDeliver: number;
  /** Wait before the next delivery (ms), by attempt; the last one repeats. */
  readonly backoffMs: readonly number[];
  /** Upper bound of messages under way over all replicas. */
  readonly maxAckPending: number;
}

const policy = (stage: StageName, changes: Partial<ConsumerPolicy> = {}): ConsumerPolicy => ({
  stage,
  durable: stage,
  lanes: 4,
  ackWaitMs: 30_000,
  maxDeliver: 6,
  backoffMs: [1_000, 5_000, 30_000, 120_000, 600_000],
  maxAckPending: 256,
  ...changes,
});

interface SubjectTraits {
  /** The bus erases a message of the subject once its (one) consumer is done with it, and shows its body nowhere: not in the log, not in a dead letter. */
  readonly secret: boolean;
}

const subject = <T extends z.ZodType>(schema: T, handledBy: readonly ConsumerPolicy[], { secret }: SubjectTraits = { secret: false }) => ({ schema, handledBy, secret });

/**
 * The one catalogue: every subject, the schema of its payload, and who acts on it and how.
 * A new stage is one line here. Handler and emit types are inferred from it.
 */
export const catalogue = {
  /** Each source has a consumer of its own: hours of downloads hold no folder up, and no source is read twice at a time, whatever the number of replicas. */
  'media.ingest.requested': subject(IngestRequest, [
    policy('ingest', { lanes: 1, maxAckPending: 1 }),
    policy('ingest', { durable: 'ingest-icloud', lanes: 1, maxAckPending: 1 }),
  ]),
  'media.icloud.code': subject(ICloudCode, [policy('ingest', { durable: 'ingest-icloud-code', lanes: 1, maxDeliver: 3, backoffMs: [1_000, 5_000] })], { secret: true }),
  'media.discovered': subject(AssetMessage, [policy('dedupe', { lanes: 16 })]),
  'media.unique': subject(AssetMessage, [policy('compressor', { lanes: 'perCore' })]),
  'media.duplicate': subject(AssetMessage.safeExtend({ duplicateOf: AssetId.optional() }), []),
  'media.compressed': subject(AssetMessage, [policy('bridge', { lanes: 16 }), policy('sorter', { durable: 'sorter-early', lanes: 16 })]),
  'media.bridged.icloud': subject(BatchMessage, [policy('icloud-uploader', { lanes: 1, maxAckPending: 1, ackWaitMs: 60_000 })]),
  'media.bridged.pixel': subject(BatchMessage, [policy('pixel-sync', { lanes: 1, maxAckPending: 2, ackWaitMs: 60_000 })]),
  /** An asset that goes to no destination (all are switched off): the verifier still proves what lies here. */
  'media.bridged.none': subject(AssetMessage, [policy('verifier', { durable: 'verifier-none', lanes: 4 })]),
  'media.uploaded.icloud': subject(BatchMessage, [
    policy('verifier', { durable: 'verifier-icloud', lanes: 1, ackWaitMs: 60_000 }),
    policy('sorter', { durable: 'sorter-icloud', lanes: 1, ackWaitMs: 60_000 }),
  ]),
  'media.uploaded.pixel': subject(BatchMessage, [policy('verifier', { durable: 'verifier-pixel', lanes: 1, ackWaitMs: 60_000 })]),
  'media.verified': subject(AssetMessage, [policy('sorter', { lanes: 16 })]),
  'media.sorted': subject(AssetMessage, []),
} as const;

export type Subject = keyof typeof catalogue;
/** What a handler receives: parsed and valid. */
export type Payload<S extends Subject> = z.output<(typeof catalogue)[S]['schema']>;
/** What may be published (branded paths may be plain strings). */
export type PayloadInput<S extends Subject> = z.input<(typeof catalogue)[S]['schema']>;

export const subjects = Object.keys(catalogue) as readonly Subject[];
export const isSubject = (value: string): value is Subject => Object.hasOwn(catalogue, value);

/** Where the bus puts a message that is dead. The body is the message as it came; the reason is in the headers. */
export const failedSubject = (stage: StageName): string => `media.failed.${stage}`;
export const progressSubject = (stage: StageName, assetId: string): string => `progress.${stage}.${assetId}`;
