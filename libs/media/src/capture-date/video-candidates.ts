import { readQuickTimeDates } from '../quicktime/dates';
import type { MediaType } from '../types';
import { parseTime } from './calendar';
import type { DateCandidate } from './choose';

/**
 * QuickTime, MP4 and 3GP: the Keys creation date (local time with its offset, what Apple's cameras write), then the movie header's
 * (UTC by the standard; its zone comes from the recorded place). Other containers keep no date that cameras agree on.
 */
export async function videoCandidates(path: string, type: MediaType): Promise<DateCandidate[]> {
  if (!['mov', 'mp4', '3gp'].includes(type.format)) return [];
  const { creationDate, movieCreated, location } = await readQuickTimeDates(path);
  const candidates: DateCandidate[] = [];
  const recorded = parseTime(creationDate ?? '');
  if (recorded) candidates.push({ source: 'QuickTime:CreationDate', time: { ...recorded, zone: recorded.offsetMinutes === null ? 'none' : 'recorded' }, position: location ?? undefined });
  if (movieCreated) candidates.push({ source: 'QuickTime:CreateDate', time: { instant: Date.parse(movieCreated) }, position: location ?? undefined });
  return candidates;
}
