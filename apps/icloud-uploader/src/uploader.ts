import { Injectable } from '@nestjs/common';
import { PipelineError, toPipelineError } from '@media-pipeline/contracts';
import { Logger, Settings } from '@media-pipeline/stage';
import { Cloud } from './adapters/cloud';
import { Converter } from './adapters/convert/converter';
import { whyNotSame } from './adapters/same-file';
import type { Conversion } from './conversion';
import type { Ledger } from './ledger.port';
import { portions } from './portions';
import { Routes } from './routes';
import { decisive, standingOf, type Standing } from './standing';
import type { Outgoing, RouteFailure, RouteReport, UploadRoute } from './upload-route.port';

export interface Working {
  readonly signal: AbortSignal;
  readonly report: (label: string, fraction?: number) => void;
}

/** What is not in iCloud after a route did what it could. */
interface Rest {
  /** Later may be better. */
  readonly later: readonly Outgoing[];
  /** This route will not take them. */
  readonly refused: readonly { readonly file: Outgoing; readonly failure: RouteFailure }[];
  /** What keeps the route from going on. */
  readonly obstacle: RouteFailure | null;
}

/** A browser that died is started again at once, so often; the broker would wait longer each time. */
const mostInterruptions = 3;

/** How a file stands, by what of it iCloud shows; null: the file as it is. */
interface Sight {
  readonly standing: Standing;
  readonly as: Conversion | null;
}

/**
 * Gets files into iCloud, each once: looks what is there, writes down that a file leaves, lets a route hand it over, and looks until iCloud
 * shows it. Killed anywhere, it begins again with looking.
 */
@Injectable()
export class Uploader {
  constructor(
    private readonly settings: Settings,
    private readonly cloud: Cloud,
    private readonly routes: Routes,
    private readonly converter: Converter,
    private readonly logger: Logger,
  ) {}

  /** @throws what stands in the way of the rest, ICLOUD_UPLOAD_NOT_SEEN among others: later may be better. The ledger has what became of each file. */
  async bring(files: readonly Outgoing[], ledger: Ledger, working: Working): Promise<void> {
    const standings = await this.look(files, ledger, working);
    const later = files.filter((file) => standings.get(file)?.kind === 'wait');
    let open = files.filter((file) => standings.get(file)?.kind === 'send');
    let trouble: RouteFailure | null = null;
    for (const route of this.routes.inOrder()) {
      if (open.length === 0) break;
      const next = this.routes.after(route);
      // What was refused before as it is does not go around again: its conversion may be on its way.
      const [asConverted, asTheyAre] = parted(open, ({ conversions = [] }) => this.routes.convert && conversions.length > 0);
      const sent = await this.send(route, asTheyAre, ledger, working);
      const rest = next === null && this.routes.convert ? await this.convertRefused(route, sent, asConverted, ledger, working) : sent;
      trouble ??= rest.obstacle;
      const passedOver = next !== null && rest.obstacle !== null && this.routes.mayPassOver(rest.obstacle.code);
      if (!passedOver) later.push(...rest.later);
      open = [...(next ? asConverted : []), ...(passedOver ? rest.later : []), ...(next ? rest.refused.map(({ file }) => file) : [])];
      if (!next) for (const { file, failure } of rest.refused) await ledger.failed(file, failure);
    }
    if (later.length === 0) return;
    const names = later.slice(0, 3).map(({ name }) => name).join(', ');
    const what = `${later.length} of ${files.length} files are not in iCloud yet (${names}${later.length > 3 ? ', …' : ''})`;
    throw new PipelineError(trouble?.code ?? 'ICLOUD_UPLOAD_NOT_SEEN', `${what}: ${trouble?.reason ?? 'iCloud does not show them'}`);
  }

  /** Looks what of it is in iCloud, and has that written down. Sends nothing. */
  async look(files: readonly Outgoing[], ledger: Ledger, { signal, report }: Working): Promise<ReadonlyMap<Outgoing, Standing>> {
    if (files.length === 0) return new Map();
    report(`looking at iCloud for ${files.length} files`);
    const uploads = await this.cloud.uploads();
    const sought = files.flatMap(({ conversions = [], ...file }) => [file, ...conversions.map(({ putAt, ...as }) => ({ ...as, putAt: new Date(putAt) }))]);
    const presences = await uploads.present(sought.map(({ checksum, bytes, putAt }) => ({ checksum, bytes, putAt })), signal);
    const standings = new Map<Outgoing, Standing>();
    let at = 0;
    const next = (): Standing => standingOf(presences[at++] ?? { kind: 'absent' });
    for (const file of files) {
      const itself = { standing: next(), as: null };
      const { standing, as } = decisive<Sight>(itself, (file.conversions ?? []).map((as) => ({ standing: next(), as })));
      standings.set(file, standing);
      await write(file, standing, null, ledger, as);
    }
    return standings;
  }

  private async send(route: UploadRoute, files: readonly Outgoing[], ledger: Ledger, working: Working): Promise<Rest> {
    const later: Outgoing[] = [];
    const refused: { file: Outgoing; failure: RouteFailure }[] = [];
    const parts = portions(files, this.most(route));
    let [done, interruptions] = [0, 0];
    for (let portion = parts.shift(); portion; portion = parts.shift()) {
      const { length } = portion;
      const report = (label: string, fraction?: number): void => { working.report(label, ((fraction ?? 0) * length + done) / files.length); };
      const chunk = await this.stillOpen(portion, later, ledger, { ...working, report });
      const { failures, obstacle, putAt } = await this.handOver(route, chunk, ledger, { ...working, report });
      const missing: Outgoing[] = [];
      for (const file of await this.lookUntilSeen(chunk, route, obstacle === null ? new Set(failures.keys()) : null, ledger, working)) {
        const failure = failures.get(file.id);
        if (failure && new PipelineError(failure.code, failure.reason).permanent) refused.push({ file, failure });
        // Nothing must send it again before this put has settled.
        else missing.push({ ...file, putAt: putAt.get(file.id) ?? file.putAt });
      }
      if (obstacle !== null) {
        this.logger.warn({ code: obstacle.code, route: route.name }, `uploading to iCloud was broken off: ${obstacle.reason}`);
        if (obstacle.code === 'ICLOUD_UPLOAD_INTERRUPTED' && interruptions++ < mostInterruptions) {
          parts.unshift(missing);
          continue;
        }
        return { later: [...later, ...missing, ...parts.flat()], refused, obstacle };
      }
      later.push(...missing);
      done += length;
    }
    return { later, refused, obstacle: null };
  }

  /** What of it is still to be sent at this very moment: hours may have passed since all files were looked for. What has to wait is added to `later`. */
  private async stillOpen(files: readonly Outgoing[], later: Outgoing[], ledger: Ledger, working: Working): Promise<Outgoing[]> {
    const standings = await this.look(files, ledger, working);
    later.push(...files.filter((file) => standings.get(file)?.kind === 'wait'));
    const open: Outgoing[] = [];
    for (const file of files) {
      if (standings.get(file)?.kind !== 'send') continue;
      const failure = await whyNotSame(file);
      if (failure === null) open.push(file);
      else await ledger.failed(file, failure);
    }
    return open;
  }

  private most(route: UploadRoute): number {
    return Math.min(this.settings.icloud.batchSize, route.most);
  }

  /** Sends what the route does not take as what it can be converted to. @param before files whose conversion was sent before */
  private async convertRefused(route: UploadRoute, sent: Rest, before: readonly Outgoing[], ledger: Ledger, working: Working): Promise<Rest> {
    if (sent.obstacle !== null) return { ...sent, later: [...sent.later, ...before] };
    const [ofType, others] = parted(sent.refused, ({ failure }) => failure.code === 'ICLOUD_TYPE_REFUSED');
    const files = [...before, ...ofType.map(({ file }) => file)];
    const taken = new Set(files.map(({ name }) => name.toLowerCase()));
    const [later, refused] = [[...sent.later], [...others]];
    const size = this.most(route);
    let trouble: RouteFailure | null = null;
    for (let start = 0; start < files.length; start += size) {
      const chunk = files.slice(start, start + size);
      try {
        const rest = await this.sendConverted(route, chunk, taken, ledger, working);
        later.push(...rest.later);
        refused.push(...rest.refused);
        trouble ??= rest.obstacle;
      } finally {
        await this.converter.discard(chunk);
      }
      if (trouble !== null) return { later: [...later, ...files.slice(start + size)], refused, obstacle: trouble };
    }
    return { later, refused, obstacle: null };
  }

  private async sendConverted(route: UploadRoute, files: readonly Outgoing[], taken: ReadonlySet<string>, ledger: Ledger, working: Working): Promise<Rest> {
    const originals = new Map(files.map((file) => [file.id, file]));
    const converted: Outgoing[] = [];
    const [later, refused]: [Outgoing[], Rest['refused'][number][]] = [[], []];
    let trouble: RouteFailure | null = null;
    for (const file of files) {
      working.report(`converting ${file.name}`);
      try {
        converted.push(await this.converter.convert(file, taken, working.signal));
      } catch (thrown) {
        working.signal.throwIfAborted();
        const error = toPipelineError(thrown);
        const failure = { code: error.code, reason: error.message };
        if (error.permanent) refused.push({ file, failure });
        else [trouble] = [trouble ?? failure, later.push(file)];
      }
    }
    const standings = await this.look(converted, ledger, working);
    const rest = await this.send(route, converted.filter((file) => standings.get(file)?.kind === 'send'), ledger, working);
    const original = (file: Outgoing): Outgoing => originals.get(file.id) ?? file;
    later.push(...[...converted.filter((file) => standings.get(file)?.kind === 'wait'), ...rest.later].map(original));
    refused.push(...rest.refused.map(({ file, failure }) => ({ file: original(file), failure })));
    return { later, refused, obstacle: rest.obstacle ?? trouble };
  }

  /** @returns also when each file that has left did so last, by delivery */
  private async handOver(route: UploadRoute, files: readonly Outgoing[], ledger: Ledger, { signal, report }: Working): Promise<RouteReport & { readonly putAt: ReadonlyMap<string, Date> }> {
    const putAt = new Map<string, Date>();
    if (files.length === 0) return { failures: new Map(), obstacle: null, putAt };
    const beforePut = async (leaving: readonly Outgoing[]): Promise<void> => {
      await ledger.handedOff(leaving, route);
      for (const { id } of leaving) putAt.set(id, new Date());
    };
    try {
      return { ...(await route.upload({ files, signal, report, beforePut })), putAt };
    } catch (thrown) {
      signal.throwIfAborted();
      const { code, message } = toPipelineError(thrown);
      if (!this.routes.mayPassOver(code)) throw thrown;
      return { failures: new Map(), obstacle: { code, reason: message }, putAt };
    }
  }

  /**
   * Looks until iCloud shows what was handed over. What the route was refused is looked for, too, but not waited for.
   * @param refused ids of files; null: the route broke off, and nothing is waited for
   * @returns what is not there
   */
  private async lookUntilSeen(files: readonly Outgoing[], route: UploadRoute, refused: ReadonlySet<string> | null, ledger: Ledger, working: Working): Promise<Outgoing[]> {
    const awaited = refused === null ? [] : files.filter(({ id }) => !refused.has(id));
    const uploads = await this.cloud.uploads();
    if (awaited.length > 0) working.report(`waiting until iCloud shows ${awaited.length} files`);
    const sightings = await uploads.waitUntilSeen(awaited, { signal: working.signal });
    const missing: Outgoing[] = [];
    for (const [at, file] of awaited.entries()) {
      const sighting = sightings[at];
      if (sighting?.kind === 'seen') await write(file, standingOf(sighting.presence), route, ledger, null);
      else missing.push(file);
    }
    const others = files.filter((file) => !awaited.includes(file));
    const standings = await this.look(others, ledger, working);
    return [...missing, ...others.filter((file) => ['send', 'wait'].includes(standings.get(file)?.kind ?? 'send'))];
  }
}

/** @param as which earlier conversion of it the standing is of; null: of the file itself */
async function write(file: Outgoing, standing: Standing, route: UploadRoute | null, ledger: Ledger, as: Conversion | null): Promise<void> {
  if (standing.kind === 'proven') await ledger.proven(file, standing.found, route, as ?? file.converted ?? null);
  if (standing.kind === 'given_up') await ledger.failed(file, standing);
}

function parted<T>(items: readonly T[], belongs: (item: T) => boolean): [T[], T[]] {
  return [items.filter(belongs), items.filter((item) => !belongs(item))];
}
