import { z } from 'zod';
import type { PhotosCalls } from './photos-calls';
import { countQuery, type Shelf } from './queries';
import type { Album, Zone } from './types';
import { CountAnswer } from './wire';

/** How many photos the server counts in a zone or an album, hidden and deleted ones left out (or, on another shelf, those alone); null when it does not say. */
export async function countAssets(calls: PhotosCalls, zone: Zone, album?: Album, signal?: AbortSignal, shelf?: Shelf): Promise<number | null> {
  const answer = await calls.ask({ database: zone.database, path: '/internal/records/query/batch', body: countQuery(zone, album, shelf), answer: z.unknown(), signal });
  const parsed = CountAnswer.safeParse(answer);
  return parsed.success ? (parsed.data.batch[0]?.records[0]?.fields.itemCount.value ?? null) : null;
}
