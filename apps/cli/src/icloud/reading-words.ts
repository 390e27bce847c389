import type { AccountStatus } from '@media-pipeline/icloud';
import { table } from '../output/text';
import type { Count, Readings, ZoneReading } from './readings';
import { fromNow } from './time';

/** The zones by the names that people know. */
const zoneName = ({ zone, shared }: Pick<ZoneReading, 'zone' | 'shared'>): string => (zone === 'PrimarySync' ? 'your library' : shared ? `shared library ${zone.replace(/^SharedSync-/, '').slice(0, 8)}` : zone);

const reasons: Readonly<Record<string, string>> = {
  before_since: 'taken before ICLOUD_SINCE',
  after_until: 'taken after ICLOUD_UNTIL',
  kind: 'not of ICLOUD_MEDIA_TYPES',
  shared: 'in the shared library (ICLOUD_INCLUDE_SHARED=false)',
  hidden: 'hidden in iCloud',
  trashed: 'deleted in iCloud',
  not_recent: 'older than the newest ICLOUD_RECENT',
  own_upload: 'uploaded from here (our own uploads)',
};

const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((total, count) => total + count, 0);

const numbers = ({ listed, taken, here, skipped, refused }: Count): number[] => [listed, taken, here, sum(skipped), refused];

function rowsOf(zone: ZoneReading, now: Date): (string | number)[][] {
  const { full, changes } = zone;
  const counted = full && (full.server.after ?? full.server.before);
  return [
    ...(full ? [[zoneName(zone), `all of it, ${fromNow(full.at, now)}`, counted ?? '?', ...numbers(full), '']] : []),
    ...(changes ? [[zoneName(zone), `what changed, ${fromNow(changes.at, now)}`, '', ...numbers(changes), changes.gone]] : []),
  ];
}

function skippedLines(zone: ZoneReading): string[] {
  const counts = new Map<string, number>();
  for (const count of [zone.full, zone.changes]) for (const [reason, number] of Object.entries(count?.skipped ?? {})) counts.set(reason, (counts.get(reason) ?? 0) + number);
  return [...counts].filter(([, number]) => number > 0).map(([reason, number]) => `  ${zoneName(zone)}: ${number} ${reasons[reason] ?? reason}`);
}

/** What iCloud no longer has; null when that is nothing. */
export function goneLine({ gone }: Pick<Readings, 'gone'>): string | null {
  const total = sum(gone);
  return total === 0 ? null : `no longer in iCloud: ${total} (${gone.trashed} deleted, ${gone.purged} deleted for good, ${gone.hidden} hidden); what is here stays: media-pipeline asset list --gone`;
}

/** What the last readings of each zone counted. */
export function readingsTable(readings: Readings, now: Date): string {
  const { zones, asked } = readings;
  if (zones.length === 0 && asked === null) return 'Nothing has been read from iCloud yet.';
  const skipped = zones.flatMap(skippedLines);
  const gone = goneLine(readings);
  return [
    table(['zone', 'read', 'iCloud counts', 'listed', 'taken', 'already here', 'skipped', 'refused', 'deleted there'], zones.flatMap((zone) => rowsOf(zone, now)), [2, 3, 4, 5, 6, 7, 8]),
    ...(asked === null ? [] : [`asked what is new ${fromNow(asked.at, now)}${asked.changed.length === 0 ? ': nothing' : ''}`]),
    ...(skipped.length === 0 ? [] : ['skipped, and why:', ...skipped]),
    ...(gone === null ? [] : [gone]),
  ].join('\n');
}

/** What to do about the readings. */
export function readingsAdvice({ zones, asked }: Readings, account: Pick<AccountStatus, 'state'>): string[] {
  if (zones.length === 0 && asked === null) return account.state === 'signed_in' ? ['Read it: `media-pipeline run`, or `media-pipeline icloud sync` while a pipeline runs.'] : [];
  return zones.flatMap((zone) => {
    const { full, refused } = zone;
    const counted = full?.server.after ?? full?.server.before;
    return [
      ...(full && full.difference !== 0 ? [`ICLOUD_COUNT_MISMATCH in ${zoneName(zone)}: iCloud counts ${counted ?? '?'} and lists ${full.listed}. \`media-pipeline icloud sync --full\` lists everything anew.`] : []),
      ...(refused.length > 0 ? [`iCloud does not give out ${refused.length} of ${zoneName(zone)}; they are asked for again at each reading. \`media-pipeline dlq list\` names them.`] : []),
    ];
  });
}
