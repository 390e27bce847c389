import { z } from 'zod';
import type { GoneHow, SourceCursor } from '@media-pipeline/schema';

// What ingest keeps in the cursors of iCloud (its zone-counts.ts). Another version may have written them: what is missing counts as nothing.
const count = z.number().catch(0);
const Counted = z.object({
  at: z.coerce.date(),
  listed: count,
  taken: count,
  here: count,
  skipped: z.record(z.string(), z.number()).catch({}),
  refused: count,
});
const serverCount = z.number().nullable().catch(null);
const Full = Counted.extend({ server: z.object({ before: serverCount, after: serverCount }).catch({ before: null, after: null }), difference: count });
const Changes = Counted.extend({ gone: count });
const Zone = z.object({
  zone: z.object({ shared: z.boolean() }).catch({ shared: false }),
  full: Full.nullable().catch(null),
  changes: Changes.nullable().catch(null),
  refused: z.array(z.string()).catch([]),
});
const Asked = z.object({ at: z.coerce.date(), changed: z.array(z.string()).catch([]) });

/** One listing: `listed` = `taken` + `here` + all of `skipped` + `refused`. */
export type Count = z.infer<typeof Counted>;

/** How a zone of iCloud Photos was read. */
export interface ZoneReading {
  readonly zone: string;
  readonly shared: boolean;
  /** The last listing of everything, against iCloud's own count. */
  readonly full: z.infer<typeof Full> | null;
  /** The last reading of changes since. */
  readonly changes: z.infer<typeof Changes> | null;
  /** Records that iCloud does not give out. */
  readonly refused: readonly string[];
}

export interface Readings {
  /** When iCloud was last asked what is new, and the zones where something was. */
  readonly asked: z.infer<typeof Asked> | null;
  readonly zones: readonly ZoneReading[];
  /** What iCloud has no longer, over all that was ever taken in from it. */
  readonly gone: Readonly<Record<GoneHow, number>>;
}

export const noReadings: Readings = { asked: null, zones: [], gone: { hidden: 0, trashed: 0, purged: 0 } };

const zonePrefix = 'zone:';

type Cursor = Pick<SourceCursor, 'scope' | 'counts'>;

export function readingsOf(cursors: readonly Cursor[], gone: Readings['gone']): Readings {
  const asked = Asked.safeParse(cursors.find(({ scope }) => scope === 'database')?.counts);
  const zones = cursors.flatMap(({ scope, counts }) => {
    if (!scope.startsWith(zonePrefix)) return [];
    const { zone, full, changes, refused } = Zone.parse(counts);
    return [{ zone: scope.slice(zonePrefix.length), shared: zone.shared, full, changes, refused }];
  });
  return { asked: asked.success ? asked.data : null, zones, gone };
}
