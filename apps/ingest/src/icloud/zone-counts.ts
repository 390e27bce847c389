import type { Zone } from '@media-pipeline/icloud';
import type { SourceCursor } from '@media-pipeline/schema';
import type { ServerCount, ZoneCount } from './tally';

/** What the cursor of a zone (`source_cursors.counts`) tells people: `media-pipeline icloud status` shows it. */
export interface ZoneCounts extends Readonly<Record<string, unknown>> {
  readonly zone: Zone;
  /** The last listing of everything, against iCloud's own count. `difference`: not 0 when photos are missing (negative) or too many. */
  readonly full: (ZoneCount & { readonly at: string; readonly server: ServerCount; readonly difference: number }) | null;
  /** The last reading of changes since then. */
  readonly changes: (ZoneCount & { readonly at: string; readonly gone: number }) | null;
  /** Records that iCloud refused at the last reading; they are asked for again at each. */
  readonly refused: readonly string[];
}

/** What was counted before, or nothing. */
export function countsOf(cursor: SourceCursor | null, zone: Zone): ZoneCounts {
  const { full = null, changes = null, refused } = (cursor?.counts ?? {}) as Partial<ZoneCounts>;
  return { zone, full, changes, refused: Array.isArray(refused) ? refused.filter((name): name is string => typeof name === 'string') : [] };
}
