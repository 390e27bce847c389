import { z } from 'zod';
import type { StageName } from './stages';

/**
 * Work of a stage that a person can ask for apart from messages: the CLI loads the stage by name and gives it a task. Which stage does
 * it, what it is told, what it says on the way, and what it says in the end.
 */
interface TaskDescription {
  readonly stage: StageName;
  readonly options: z.ZodType;
  readonly event: z.ZodType;
  readonly result: z.ZodType;
}

const RecompressionEvent = z.object({
  assetId: z.string(),
  fileId: z.string(),
  /** The rendition's place in the library. */
  path: z.string(),
  captureDate: z.string(),
  outcome: z.enum(['would be tried', 'replaced', 'kept', 'postponed']),
  /** Of the present rendition. */
  bytes: z.number(),
  /** Of the new one; an estimate where nothing was made; null where that is not known. */
  bytesAfter: z.number().nullable(),
  /** Why the present rendition stays. */
  code: z.string().nullable(),
  reason: z.string().nullable(),
});
export type RecompressionEvent = z.infer<typeof RecompressionEvent>;

const RecompressionResult = z.object({
  /** Renditions looked at that are due. */
  due: z.number(),
  replaced: z.number(),
  kept: z.number(),
  postponed: z.number(),
  /** Of those that were replaced (in a dry run: of those whose size could be estimated), before and after. */
  bytesBefore: z.number(),
  bytesAfter: z.number(),
  /** In a dry run: those whose size cannot be told beforehand. */
  unknown: z.number(),
  /** False when it was ended before it was through. */
  finished: z.boolean(),
});
export type RecompressionResult = z.infer<typeof RecompressionResult>;

/** What is being done, for whoever looks on. */
const UploadStep = z.object({ step: z.string(), fraction: z.number().nullable() });
const UploadedFile = z.object({
  /** Its path as it was found. */
  file: z.string(),
  outcome: z.enum(['uploaded', 'already there', 'would be uploaded', 'failed', 'not a photo or video']),
  /** Of the photo in iCloud. */
  recordName: z.string().nullable(),
  code: z.string().nullable(),
  reason: z.string().nullable(),
});
export type UploadedFile = z.infer<typeof UploadedFile>;
const UploadEvent = z.union([UploadedFile, UploadStep]);
export type UploadEvent = z.infer<typeof UploadEvent>;

const UploadResult = z.object({
  uploaded: z.number(),
  there: z.number(),
  failed: z.number(),
  /** Neither photo nor video. */
  others: z.number(),
  /** Not in iCloud yet, and tried as often as was allowed; in a dry run: what would be uploaded. */
  left: z.number(),
  /** Why they are left. */
  code: z.string().nullable(),
  reason: z.string().nullable(),
});
export type UploadResult = z.infer<typeof UploadResult>;

export const tasks = {
  'icloud-upload': {
    stage: 'icloud-uploader',
    options: z.object({
      /** A folder, absolute; read with all folders in it. */
      directory: z.string(),
      dryRun: z.boolean(),
      /** The browser waits for the person who looks at it. */
      interactive: z.boolean(),
      retries: z.number(),
      retryDelayMs: z.number(),
    }),
    event: UploadEvent,
    result: UploadResult,
  },
  'compress-again': {
    stage: 'compressor',
    options: z.object({
      /** Photos older than so many years. */
      years: z.number(),
      dryRun: z.boolean(),
      /** Nothing else works on the library: what a process that is gone had begun is taken over at once. */
      alone: z.boolean(),
    }),
    event: RecompressionEvent,
    result: RecompressionResult,
  },
} as const satisfies Record<string, TaskDescription>;

export type TaskName = keyof typeof tasks;
export type TaskOptions<T extends TaskName> = z.infer<(typeof tasks)[T]['options']>;
export type TaskEvent<T extends TaskName> = z.infer<(typeof tasks)[T]['event']>;
export type TaskResult<T extends TaskName> = z.infer<(typeof tasks)[T]['result']>;
