import { Mutex } from 'async-mutex';
import type { Clock } from '../clock';
import { PhotoLibrary } from '../photos/library';
import { lookupRecords } from '../photos/lookup';
import { PhotosCalls } from '../photos/photos-calls';
import type { Zone } from '../photos/types';
import type { ServiceClient } from '../service';
import type { CloudContent } from './content';
import type { ContentIndex } from './content-index';
import { readInto, type IndexReading } from './index-reading';
import { laterState, type JobState } from './job-state';
import { presenceOf, type Presence } from './presence';
import { lookAgainMs, sightingOf, type Sighting } from './sighting';
import type { UploadCalls } from './upload-calls';

/** A content that should appear, with what Apple named for it. */
export interface Awaited extends CloudContent {
  readonly recordName?: string | null;
  readonly masterName?: string | null;
  readonly jobId?: string | null;
}

/** Looks at what iCloud has of a zone. */
export class Lookout {
  readonly #library: PhotoLibrary;
  readonly #photos: PhotosCalls;
  readonly #reading = new Mutex();

  constructor(
    service: ServiceClient,
    private readonly calls: UploadCalls,
    private readonly zone: Zone,
    private readonly index: ContentIndex,
    private readonly clock: Clock,
  ) {
    this.#library = new PhotoLibrary(service, { clock });
    this.#photos = new PhotosCalls(service, clock);
  }

  /** Brings the index up to date; one reading at a time. */
  async read(signal?: AbortSignal): Promise<IndexReading> {
    return await this.#reading.runExclusive(async () => {
      signal?.throwIfAborted();
      return await readInto(this.index, this.#library, this.zone, signal);
    });
  }

  /** Which contents are in iCloud now, in the order given. */
  async look(contents: readonly CloudContent[], signal?: AbortSignal): Promise<Presence[]> {
    const checksums = [...new Set(contents.map(({ checksum }) => checksum))];
    // A master's name is the checksum of its original (on each of 101 recorded ones). Asked before the changes are read: what appears between is known then.
    const { masters } = await lookupRecords(this.#photos, this.zone, checksums, signal);
    await this.read(signal);
    const files = await this.index.find(checksums);
    const names = new Set(masters.keys());
    return contents.map((content) => presenceOf(content, files, names));
  }

  /** Looks until each content is seen, or has failed, or the time is over. @returns in the order given */
  async wait(awaited: readonly Awaited[], forMs: number, signal?: AbortSignal): Promise<Sighting[]> {
    const sightings: Sighting[] = awaited.map(() => ({ kind: 'not_seen' }));
    const jobs = new Map<string, JobState>();
    const until = this.clock.now() + forMs;
    for (let looks = 0; ; looks += 1) {
      signal?.throwIfAborted();
      const open = awaited.flatMap((item, at) => (sightings[at]?.kind === 'not_seen' ? [{ item, at }] : []));
      if (open.length === 0) return sightings;
      for (const [index, sighting] of (await this.#once(open.map(({ item }) => item), jobs, signal)).entries()) {
        const at = open[index]?.at;
        if (at !== undefined) sightings[at] = sighting;
      }
      const leftMs = until - this.clock.now();
      if (leftMs <= 0 || sightings.every(({ kind }) => kind !== 'not_seen')) return sightings;
      await this.clock.sleep(Math.min(leftMs, lookAgainMs(looks)), signal);
    }
  }

  /** One look: by the names that are known, then by content, then what the jobs say of the rest. */
  async #once(awaited: readonly Awaited[], jobs: Map<string, JobState>, signal?: AbortSignal): Promise<Sighting[]> {
    const wanted = awaited.flatMap(({ recordName, masterName }) => (recordName ? [masterName ? { recordName, masterName } : recordName] : []));
    const { assets } = await this.#library.lookup(this.zone, wanted, signal);
    const named = awaited.map((item): Sighting => {
      const asset = item.recordName ? assets.get(item.recordName) : undefined;
      return asset ? sightingOf(item, asset) : { kind: 'not_seen' };
    });
    if (named.every(({ kind }) => kind === 'seen')) return named;

    const presences = await this.look(awaited, signal);
    const states = await this.#ask(awaited, jobs, signal);
    return named.map((sighting, at) => {
      const presence = presences[at];
      if (sighting.kind === 'seen') return sighting;
      if (presence && 'recordName' in presence) return { kind: 'seen', presence, proof: 'checksum' };
      const state = states[at];
      return sighting.kind === 'not_seen' && state?.kind === 'failed' ? { kind: 'failed', errorCode: state.errorCode } : sighting;
    });
  }

  async #ask(awaited: readonly Awaited[], jobs: Map<string, JobState>, signal?: AbortSignal): Promise<(JobState | undefined)[]> {
    const ids = awaited.flatMap(({ jobId }) => (jobId ? [jobId] : []));
    if (ids.length > 0) for (const [id, now] of await this.calls.jobs(ids, signal)) jobs.set(id, laterState(jobs.get(id), now));
    return awaited.map(({ jobId }) => (jobId ? jobs.get(jobId) : undefined));
  }
}
