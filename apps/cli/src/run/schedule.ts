import { randomUUID } from 'node:crypto';
import type { Bus } from '@media-pipeline/bus';
import type { Config } from '@media-pipeline/config';
import { emit } from '@media-pipeline/contracts';

/** Asks for one reading of all sources that are switched on. Asked twice with the same `occasion`, they are read once. */
export const requestIngest = (bus: Bus, occasion: string = randomUUID()) => bus.publish(emit('media.ingest.requested', {}, occasion));

/** Whether a scheduled run may start: not more than `maxPerDay` on one calendar day. */
export function mayRun(startedAt: readonly Date[], now: Date, maxPerDay: number | null): boolean {
  return maxPerDay === null || startedAt.filter((date) => date.toDateString() === now.toDateString()).length < maxPerDay;
}

/** Reads the sources at start and, in the mode `scheduled`, again and again. Returns what ends that. */
export async function followSchedule(bus: Bus, { execution }: Config, onFailure: (error: unknown) => void): Promise<() => void> {
  const started = [new Date()];
  const { intervalMs } = execution;
  await requestIngest(bus);
  if (execution.mode !== 'scheduled' || intervalMs === null) return () => undefined;
  const timer = setInterval(() => {
    const now = new Date();
    if (!mayRun(started, now, execution.maxPerDay)) return;
    started.push(now);
    // replicas come to the same slot at about the same time
    requestIngest(bus, `slot-${Math.round(now.getTime() / intervalMs)}`).catch(onFailure);
  }, intervalMs);
  return () => clearInterval(timer);
}
