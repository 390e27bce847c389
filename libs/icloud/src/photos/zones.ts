import { PipelineError } from '@media-pipeline/contracts';
import { z } from 'zod';
import { toTokenError } from './answer-errors';
import type { PhotosCalls } from './photos-calls';
import type { Database, Zone } from './types';
import { DatabaseChangesAnswer, ZonesAnswer } from './wire';

const databases: readonly Database[] = ['private', 'shared'];

type ListedZone = z.infer<typeof ZonesAnswer>['zones'][number];

/** The zones that hold photos; shared albums (`CMM-*`) and other apps' libraries (`AppLibrarySync-*`) are none of ours. */
function photoZone({ zoneID, deleted }: ListedZone, database: Database): Zone | null {
  const shared = zoneID.zoneName.startsWith('SharedSync-');
  if (deleted || (!shared && (zoneID.zoneName !== 'PrimarySync' || database !== 'private'))) return null;
  return { name: zoneID.zoneName, owner: zoneID.ownerRecordName ?? null, database, shared };
}

const photoZones = (zones: readonly ListedZone[], database: Database): Zone[] => zones.flatMap((zone) => photoZone(zone, database) ?? []);

/** One of each name; its maker's side of a shared library goes before the guests'. */
const distinct = (zones: readonly Zone[]): Zone[] => zones.filter((zone, index) => zones.findIndex(({ name }) => name === zone.name) === index);

/** @throws ICLOUD_PHOTOS_OFF when there is no library at all */
export async function listZones(calls: PhotosCalls, signal?: AbortSignal): Promise<Zone[]> {
  const found: Zone[] = [];
  for (const database of databases) {
    const answer = await ofDatabase(database, calls.ask({ database, path: '/zones/list', body: {}, answer: ZonesAnswer, signal }));
    if (answer) found.push(...photoZones(answer.zones, database));
  }
  if (found.length === 0) throw new PipelineError('ICLOUD_PHOTOS_OFF', 'the account has no photo library');
  return distinct(found);
}

/** The shared database is a bonus: where an account may not see it, only what it would have held is missing. */
async function ofDatabase<T>(database: Database, answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    const unseen = error instanceof PipelineError && (error.code === 'ICLOUD_ANSWER_UNKNOWN' || error.code === 'ICLOUD_PHOTOS_OFF');
    if (database === 'shared' && unseen) return null;
    throw error;
  }
}

const DatabaseTokens = z.object({ private: z.string(), shared: z.string().nullable() });

/**
 * The zones with changes since the token (null: all), one request for each of the two databases.
 * @throws ICLOUD_SYNC_TOKEN_INVALID
 */
export async function changedZones(calls: PhotosCalls, token: string | null, signal?: AbortSignal): Promise<{ zones: Zone[]; token: string }> {
  const before = token === null ? { private: null, shared: null } : readTokens(token);
  const zones: Zone[] = [];
  const ofPrivate = await changesOf(calls, 'private', before.private, zones, signal);
  const ofShared = await ofDatabase('shared', changesOf(calls, 'shared', before.shared, zones, signal));
  return { zones: distinct(zones), token: JSON.stringify({ private: ofPrivate, shared: ofShared }) };
}

async function changesOf(calls: PhotosCalls, database: Database, since: string | null, zones: Zone[], signal?: AbortSignal): Promise<string> {
  for (let token = since; ; ) {
    const body = token === null ? {} : { syncToken: token };
    const answer = await calls.ask({ database, path: '/changes/database', body, answer: DatabaseChangesAnswer, signal, ...(token !== null && { toError: toTokenError }) });
    zones.push(...photoZones(answer.zones, database));
    if (!answer.moreComing || answer.syncToken === token) return answer.syncToken;
    token = answer.syncToken;
  }
}

function readTokens(token: string): z.infer<typeof DatabaseTokens> {
  let value: unknown = null;
  try {
    value = JSON.parse(token);
  } catch {
    // falls through to what follows from null
  }
  const parsed = DatabaseTokens.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new PipelineError('ICLOUD_SYNC_TOKEN_INVALID', 'the saved database token is none of ours');
}
