import { Injectable } from '@nestjs/common';
import { PipelineError } from '@media-pipeline/contracts';
import type { Album, CloudAsset, PhotoLibrary, Refusal, Zone } from '@media-pipeline/icloud';
import { Logger } from '@media-pipeline/stage';
import { Deletions } from './adapters/deletions';
import { decide } from './decide';
import { tokenFor, type Wanted } from './filter';
import { ICloudRegister } from './icloud-register';
import { describeCount, describeServerCount, differenceOf, Tally, type ZoneCount } from './tally';
import { countsOf, type ZoneCounts } from './zone-counts';
import { zonePages } from './zone-pages';

export interface ZoneRequest {
  readonly zone: Zone;
  readonly wanted: Wanted;
  /** Those of the zone that are wanted; none where the whole zone is. */
  readonly albums: readonly Album[];
  readonly full: boolean;
  readonly signal: AbortSignal;
  readonly report: (label: string) => void;
}

/** A library that changes while it is listed, or answers with errors here and there, is listed once more. */
const mostListings = 2;
/** Refusals that are told one by one; of the rest, their number. */
const mostLetters = 100;

/** Learns what a zone has and writes down what is to come. Fetches no byte. */
@Injectable()
export class ZoneReader {
  constructor(
    private readonly register: ICloudRegister,
    private readonly deletions: Deletions,
    private readonly logger: Logger,
  ) {}

  /** When it returns, everything that the saved sync token covers is written down. */
  async read(photos: PhotoLibrary, request: ZoneRequest): Promise<void> {
    const cursor = await this.register.cursor(scopeOf(request.zone));
    const before = countsOf(cursor, request.zone);
    const token = tokenFor(cursor, request.wanted, request.full);
    if (token !== null && (await this.follow(photos, request, token, before))) return;
    await this.list(photos, request, before);
  }

  /** Everything, against iCloud's own count. */
  private async list(photos: PhotoLibrary, { zone, wanted, albums, signal, report }: ZoneRequest, counts: ZoneCounts): Promise<void> {
    const whole = wanted.recent === null && wanted.albums.length === 0;
    const before = whole ? await photos.count(zone, signal) : null;
    let token: string | null = null;
    let earlier: ZoneCount | null = null;
    for (let listing = 1; ; listing++) {
      const tally = new Tally();
      const refused: Refusal[] = [];
      for await (const page of zonePages(photos, zone, wanted, albums, signal)) {
        // What changes from here on is among the changes since the very first answer.
        token ??= page.syncToken;
        tally.skip('not_recent', page.older);
        refused.push(...page.refused);
        await this.take(page.assets, wanted, tally);
        report(`iCloud, ${zone.name}: ${tally.count().listed} photos and videos listed`);
      }
      const left = await this.askAgain(photos, zone, refused, wanted, tally, signal);
      if (earlier) tally.following(earlier);
      const count = tally.count();
      const server = { before, after: whole ? await photos.count(zone, signal) : null };
      const difference = differenceOf(count, server);
      if (listing < mostListings && (difference !== 0 || left.length > 0)) {
        earlier = count;
        continue;
      }
      const summary = `iCloud, ${zone.name}: ${describeCount(count)}${describeServerCount(difference, server)}`;
      await this.tellRefusals(zone, left, counts);
      const full = { ...count, at: new Date().toISOString(), server, difference };
      await this.register.saveCursor({ scope: scopeOf(zone), token, filter: wanted.print, counts: { ...counts, zone, full, changes: null, refused: left.map(({ recordName }) => recordName) } });
      await this.register.history(summary);
      if (difference === 0) {
        this.logger.info({ zone: zone.name, ...count, server }, summary);
      } else {
        this.logger.error({ zone: zone.name, code: 'ICLOUD_COUNT_MISMATCH', ...count, server }, summary);
        await this.register.note('ICLOUD_COUNT_MISMATCH', summary, 'error');
      }
      return;
    }
  }

  /** What changed since the token. False when iCloud does not know the token any more. */
  private async follow(photos: PhotoLibrary, { zone, wanted, signal, report }: ZoneRequest, token: string, counts: ZoneCounts): Promise<boolean> {
    const tally = new Tally();
    let [gone, present, saved] = [0, counts, token];
    const refused = counts.refused.map((recordName): Refusal => ({ recordName, code: 'REFUSED_BEFORE', reason: 'refused before' }));
    const save = async (changes: Partial<ZoneCounts>): Promise<void> => {
      present = { ...present, ...changes };
      await this.register.saveCursor({ scope: scopeOf(zone), token: saved, filter: wanted.print, counts: present });
    };
    try {
      for await (const page of photos.changes(zone, token, signal)) {
        await this.take(page.changes.flatMap((change) => (change.kind === 'asset' ? change.asset : [])), wanted, tally);
        gone += await this.deletions.gone(zone, page.changes.filter((change) => change.kind === 'gone'));
        refused.push(...page.refused);
        saved = page.syncToken;
        // With those that were refused, so that a crash before they are asked for again loses none.
        await save({ refused: [...new Set(refused.map(({ recordName }) => recordName))] });
        report(`iCloud, ${zone.name}: ${tally.count().listed} changes`);
      }
    } catch (error) {
      if (!(error instanceof PipelineError) || error.code !== 'ICLOUD_SYNC_TOKEN_INVALID') throw error;
      this.logger.info({ zone: zone.name }, 'iCloud does not know the sync token any more: the zone is listed anew');
      return false;
    }
    const left = await this.askAgain(photos, zone, refused, wanted, tally, signal);
    await this.tellRefusals(zone, left, counts);
    const count = tally.count();
    await save({ changes: { ...count, gone, at: new Date().toISOString() }, refused: left.map(({ recordName }) => recordName) });
    if (count.taken + gone + count.refused > 0) {
      const summary = `iCloud, ${zone.name}: of what changed, ${describeCount(count)}${gone > 0 ? `; ${gone} deleted or hidden there` : ''}`;
      await this.register.history(summary);
      this.logger.info({ zone: zone.name, ...count, gone }, summary);
    }
    return true;
  }

  /** Writes a page of assets down, as far as they are new. */
  private async take(assets: readonly CloudAsset[], { filter }: Wanted, tally: Tally): Promise<void> {
    if (assets.length === 0) return;
    const known = await this.register.known(assets);
    const judged = assets.map((asset) => ({ asset, verdict: decide(asset, known, filter) }));
    for (const { verdict } of judged) tally.verdict(verdict);
    await this.register.reserve(judged.flatMap(({ asset, verdict }) => (verdict.kind === 'take' ? [{ asset, takings: verdict.takings }] : [])));
    await this.register.revive(judged.flatMap(({ verdict }) => (verdict.kind === 'here' ? verdict.revive : [])));
    await this.deletions.returned(judged.flatMap(({ verdict }) => (verdict.kind === 'skip' ? [] : verdict.returned)));
  }

  /** Records that came with an error are asked for by name: most often that was a bad moment. @returns those that are refused still */
  private async askAgain(photos: PhotoLibrary, zone: Zone, refused: readonly Refusal[], wanted: Wanted, tally: Tally, signal: AbortSignal): Promise<Refusal[]> {
    const names = [...new Set(refused.map(({ recordName }) => recordName))];
    if (names.length === 0) return [];
    const answer = await photos.lookup(zone, names, signal);
    const found = [...answer.assets.values()];
    await this.take(found, wanted, tally);
    // The name of a master is no photo's; whose asset did not come is missed in the count, or has a refusal of its own. A record that is gone is none any more.
    const lone = new Set(refused.filter(({ code }) => code === 'MASTER_WITHOUT_ASSET').map(({ recordName }) => recordName));
    const left = answer.refused.filter(({ recordName, code }) => !lone.has(recordName) && !absent.has(code));
    tally.refuse(left.map(({ recordName }) => recordName));
    return left;
  }

  /** Those that nobody has been told of. */
  private async tellRefusals(zone: Zone, refused: readonly Refusal[], { refused: told }: ZoneCounts): Promise<void> {
    const known = new Set(told);
    const fresh = refused.filter(({ recordName }) => !known.has(recordName));
    for (const refusal of fresh.slice(0, mostLetters)) await this.register.refused(zone.name, refusal);
    if (fresh.length > mostLetters) await this.register.note('ICLOUD_ASSET_REFUSED', `and ${fresh.length - mostLetters} more of ${zone.name}`);
  }
}

const absent: ReadonlySet<string> = new Set(['NOT_FOUND', 'UNKNOWN_ITEM']);

export const scopeOf = ({ name }: Pick<Zone, 'name'>): string => `zone:${name}`;
