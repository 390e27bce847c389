import { z } from 'zod';
import { stageNames } from './stages';

/** What `progress.<stage>.<assetId>` carries: not stored, best effort, at most a few a second per stage. */
export const Progress = z.object({
  stage: z.enum(stageNames),
  assetId: z.string(),
  /** What a person would recognise: the file's name. */
  label: z.string(),
  phase: z.enum(['working', 'ended']),
  /** 0..1 where the stage knows it. */
  fraction: z.number().min(0).max(1).optional(),
});
export type Progress = z.infer<typeof Progress>;
