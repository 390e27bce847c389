import type { AccountStatus } from '@media-pipeline/icloud';
import { table } from '../output/text';
import type { Readings, ZoneReading } from './readings';
import { fromNow } from './time';

/** The zones by the names that people know. */
const zoneName = (zone: string): string => (zone === 'PrimarySync' ? 'your library' : zone.startsWith('SharedSync-') ? `shared library ${zone.slice('SharedSync-'.length, 'SharedSync-'.length + 8)}` : zone);

const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((total, count) => total + count, 0);

/** What was listed and is accounted for in no column: not to be, and never silent. */
export const unaccounted = ({ listed, taken, alreadyHere, skipped, refused }: ZoneReading): number => listed - taken - alreadyHere - sum(skipped) - refused;

/** True when iCloud counts something else than it lists. Only a full listing can be compared. */
export const differs = ({ how, counted, listed }: ZoneReading): boolean => how === 'full' && counted !== null && counted !== listed;

/** What the last reading of each zone counted. */
export function readingsTable({ zones, gone }: Readings, now: Date): string {
  if (zones.length === 0) return 'Nothing has been read from iCloud yet.';
  const rows = zones.map((zone) => [zoneName(zone.zone), `${fromNow(zone.at, now)} (${zone.how === 'full' ? 'all of it' : 'what changed'})`, zone.counted ?? '?', zone.listed, zone.taken, zone.alreadyHere, sum(zone.skipped), zone.refused]);
  const skipped = zones.flatMap((zone) => Object.entries(zone.skipped).filter(([, count]) => count > 0).map(([reason, count]) => `  ${zoneName(zone.zone)}: ${count} ${reason}`));
  const total = sum(gone);
  return [
    table(['last reading', 'read', 'iCloud counts', 'listed', 'taken', 'already here', 'skipped', 'refused'], rows, [2, 3, 4, 5, 6, 7]),
    ...(skipped.length === 0 ? [] : ['skipped, and why:', ...skipped]),
    ...(total === 0 ? [] : [`no longer in iCloud: ${total} (${gone.trashed} deleted, ${gone.purged} deleted for good, ${gone.hidden} hidden); what is here stays (media-pipeline asset list --gone)`]),
  ].join('\n');
}

/** What to do about the readings. */
export function readingsAdvice({ zones }: Readings, account: Pick<AccountStatus, 'state'>): string[] {
  if (zones.length === 0) return account.state === 'signed_in' ? ['Read it: `media-pipeline run`, or `media-pipeline icloud sync` while a pipeline runs.'] : [];
  const advice: string[] = [];
  for (const zone of zones) {
    if (differs(zone)) advice.push(`ICLOUD_COUNT_MISMATCH in ${zoneName(zone.zone)}: iCloud counts ${zone.counted ?? '?'} and lists ${zone.listed}. \`media-pipeline icloud sync --full\` lists everything anew.`);
    if (unaccounted(zone) !== 0) advice.push(`${zoneName(zone.zone)}: ${unaccounted(zone)} of what was listed is not accounted for. \`media-pipeline icloud sync --full\` lists everything anew.`);
    if (zone.refused > 0) advice.push(`iCloud refused ${zone.refused} of ${zoneName(zone.zone)}: see \`media-pipeline asset list --code ICLOUD_ASSET_REFUSED\` and \`media-pipeline dlq list\`.`);
  }
  return advice;
}
