import type { Content } from './content';

/** What the records of one photo are called: CPLMaster by its original's checksum, CPLAsset by a UUID. */
export interface RecordNames {
  readonly master: string;
  readonly asset: string;
}

/** One uploaded asset, accepted and not indexed yet. */
export interface ArrivingAsset {
  readonly zone: string;
  readonly names: RecordNames;
  readonly content: Content;
  readonly filename: string;
  /** Milliseconds since the epoch. */
  readonly takenAt: number;
  /** Seconds east of UTC. */
  readonly timeZoneOffset: number | null;
}

/** What was uploaded and has no records yet: users report NOT_FOUND for 14 to 20 seconds after putAsset. */
export class Arrivals {
  private waiting: { readonly asset: ArrivingAsset; readonly at: number }[] = [];

  expect(asset: ArrivingAsset, at: number): void {
    this.waiting.push({ asset, at });
  }

  find(zone: string, checksum: string): RecordNames | null {
    return this.waiting.find(({ asset }) => asset.zone === zone && asset.names.master === checksum)?.asset.names ?? null;
  }

  /** Takes out those whose time has come, earliest first. */
  due(now: number): ArrivingAsset[] {
    if (this.waiting.every(({ at }) => at > now)) return [];
    const due = this.waiting.filter(({ at }) => at <= now);
    this.waiting = this.waiting.filter(({ at }) => at > now);
    return due.toSorted((a, b) => a.at - b.at).map(({ asset }) => asset);
  }
}
