import { createHash } from 'node:crypto';
import type { AssetFilter } from '@media-pipeline/icloud';
import type { SourceCursor } from '@media-pipeline/schema';
import type { Settings } from '@media-pipeline/stage';

export interface Wanted {
  readonly filter: AssetFilter;
  readonly recent: number | null;
  /** Names; empty: the whole library. */
  readonly albums: readonly string[];
  /** What the sync tokens were got with. With another account or filter they say nothing. */
  readonly print: string;
}

/** What of the account is wanted. */
export function wantedOf({ username, filter: { since, until, recent, albums, kinds, shared } }: Pick<Settings['icloud'], 'username' | 'filter'>): Wanted {
  const account = createHash('sha256').update(username?.toLowerCase() ?? '').digest('hex').slice(0, 16);
  const print = JSON.stringify({ account, since, until, recent, albums: [...albums].sort(), kinds: [...kinds].sort(), shared });
  return { filter: { since, until, kinds, shared }, recent, albums, print };
}

/** The token to go on from; null when the zone is to be listed from its beginning: asked for, never listed to its end, or listed with another filter. */
export function tokenFor(cursor: SourceCursor | null, { print, recent, albums }: Wanted, full: boolean): string | null {
  // Which photos are in an album, or among the newest, no list of changes says.
  if (full || cursor === null || cursor.filter !== print || recent !== null || albums.length > 0) return null;
  return cursor.token;
}
