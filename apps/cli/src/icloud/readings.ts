import { z } from 'zod';
import type { Config } from '@media-pipeline/config';
import type { GoneHow, SourceCursor } from '@media-pipeline/schema';
import { openDatabase } from '../library/visit';

const count = z.number().catch(0);
/** What ingest keeps of the last reading of a zone; whatever is missing (another version wrote it) counts as nothing. */
const Counts = z.object({
  at: z.coerce.date().nullable().catch(null),
  how: z.enum(['full', 'changes']).catch('full'),
  listed: count,
  taken: count,
  alreadyHere: count,
  skipped: z.record(z.string(), z.number()).catch({}),
  refused: count,
  gone: count,
  /** What iCloud itself counts; null where it does not say. */
  counted: z.number().nullable().catch(null),
});

/** The last reading of one zone of iCloud Photos. */
export type ZoneReading = z.infer<typeof Counts> & { readonly zone: string; readonly at: Date };

export interface Readings {
  readonly zones: readonly ZoneReading[];
  /** What iCloud has no longer, over all that was ever taken in from it. */
  readonly gone: Readonly<Record<GoneHow, number>>;
}

export const noReadings: Readings = { zones: [], gone: { hidden: 0, trashed: 0, purged: 0 } };

const zonePrefix = 'zone:';

export function readingOf({ scope, counts, updatedAt }: Pick<SourceCursor, 'scope' | 'counts' | 'updatedAt'>): ZoneReading[] {
  if (!scope.startsWith(zonePrefix)) return [];
  const read = Counts.parse(counts);
  return [{ ...read, zone: scope.slice(zonePrefix.length), at: read.at ?? updatedAt }];
}

/** @throws NOT_A_LIBRARY when there is no database yet */
export async function readReadings(config: Config): Promise<Readings> {
  const database = await openDatabase(config);
  try {
    const [cursors, gone] = await Promise.all([database.cursors.list('icloud'), database.assets.countGone('icloud')]);
    return { zones: cursors.flatMap(readingOf), gone };
  } finally {
    await database.close();
  }
}
