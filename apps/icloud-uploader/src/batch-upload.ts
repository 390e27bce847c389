import { Injectable } from '@nestjs/common';
import { PipelineError, toPipelineError } from '@media-pipeline/contracts';
import { Database, type Batch, type Delivery } from '@media-pipeline/schema';
import { Logger, Settings } from '@media-pipeline/stage';
import { BridgeShelf } from './adapters/bridge-shelf';
import { Cloud } from './adapters/cloud';
import { DeliveryLedger } from './delivery-ledger';
import { putAtOf } from './evidence';
import { Routes } from './routes';
import { standingOf, type Standing } from './standing';
import type { Outgoing, RouteFailure, UploadRoute } from './upload-route.port';

export interface Working {
  readonly signal: AbortSignal;
  readonly report: (label: string, fraction?: number) => void;
}

/** A delivery that iCloud will not get, and why. */
export type Failed = RouteFailure & { readonly name: string };

/** A file on its way. */
interface Cargo {
  readonly delivery: Delivery;
  readonly file: Outgoing;
}

/** What is not in iCloud after a route did what it could. */
interface Rest {
  /** Later may be better. */
  readonly later: readonly Cargo[];
  /** This route will not take them. */
  readonly refused: readonly { readonly cargo: Cargo; readonly failure: RouteFailure }[];
  /** What keeps the route from going on. */
  readonly obstacle: RouteFailure | null;
}

/**
 * Gets the files of a batch into iCloud, each once: looks what is there, writes down that a file leaves, lets a route hand it over, and looks
 * until iCloud shows it. Killed anywhere, it begins again with looking.
 */
@Injectable()
export class BatchUpload {
  constructor(
    private readonly settings: Settings,
    private readonly database: Database,
    private readonly cloud: Cloud,
    private readonly shelf: BridgeShelf,
    private readonly ledger: DeliveryLedger,
    private readonly routes: Routes,
    private readonly logger: Logger,
  ) {}

  /**
   * @returns what iCloud will not get; all else of the batch is proven, and out of the bridge
   * @throws what stands in the way of the rest, ICLOUD_UPLOAD_NOT_SEEN among others: later may be better
   */
  async bring(batch: Batch, working: Working): Promise<Failed[]> {
    const failed: Failed[] = [];
    const fail = async ({ delivery }: Pick<Cargo, 'delivery'>, why: RouteFailure): Promise<void> => {
      failed.push({ ...why, name: delivery.name });
      await this.ledger.failed(delivery, why);
    };
    try {
      await this.sendAll(batch, fail, working);
    } finally {
      await this.shelve(batch);
    }
    return failed;
  }

  private async sendAll(batch: Batch, fail: (cargo: Pick<Cargo, 'delivery'>, why: RouteFailure) => Promise<void>, working: Working): Promise<void> {
    const deliveries = await this.database.batches.deliveries(batch.id);
    const cargo = await this.read(batch, deliveries.filter(({ state }) => state !== 'proven' && state !== 'off'), fail, working);
    const standings = await this.look(cargo, fail, working);
    const later = cargo.filter((one) => standings.get(one)?.kind === 'wait');
    let open = cargo.filter((one) => standings.get(one)?.kind === 'send');
    let trouble: RouteFailure | null = null;
    for (const route of this.routes.inOrder()) {
      if (open.length === 0) break;
      const rest = await this.send(route, open, fail, working);
      const next = this.routes.after(route);
      trouble ??= rest.obstacle;
      const passedOver = next !== null && rest.obstacle !== null && this.routes.mayPassOver(rest.obstacle.code);
      if (!passedOver) later.push(...rest.later);
      open = [...(passedOver ? rest.later : []), ...(next ? rest.refused.map((one) => one.cargo) : [])];
      if (!next) for (const one of rest.refused) await fail(one.cargo, one.failure);
    }
    if (later.length === 0) return;
    const names = later.slice(0, 3).map(({ file }) => file.name).join(', ');
    const what = `${later.length} of ${deliveries.length} files are not in iCloud yet (${names}${later.length > 3 ? ', …' : ''})`;
    throw new PipelineError(trouble?.code ?? 'ICLOUD_UPLOAD_NOT_SEEN', `${what}: ${trouble?.reason ?? 'iCloud does not show them'}`);
  }

  /** Reads what is to go. A file that is not what was staged fails alone. */
  private async read(batch: Batch, deliveries: readonly Delivery[], fail: (cargo: Pick<Cargo, 'delivery'>, why: RouteFailure) => Promise<void>, { signal, report }: Working): Promise<Cargo[]> {
    const cargo: Cargo[] = [];
    for (const delivery of deliveries) {
      signal.throwIfAborted();
      report(delivery.name);
      try {
        cargo.push({ delivery, file: await this.shelf.outgoing(batch, delivery, signal) });
      } catch (thrown) {
        signal.throwIfAborted();
        const error = toPipelineError(thrown);
        if (!error.permanent) throw error;
        await fail({ delivery }, { code: error.code, reason: error.message });
      }
    }
    return cargo;
  }

  /** Looks what of it is in iCloud, and writes that down. */
  private async look(cargo: readonly Cargo[], fail: (cargo: Cargo, why: RouteFailure) => Promise<void>, { signal, report }: Working): Promise<Map<Cargo, Standing>> {
    if (cargo.length === 0) return new Map();
    report(`looking at iCloud for ${cargo.length} files`);
    const uploads = await this.cloud.uploads();
    const presences = await uploads.present(cargo.map(({ delivery, file: { checksum, bytes } }) => ({ checksum, bytes, putAt: putAtOf(delivery) })), signal);
    const standings = new Map(cargo.map((one, at) => [one, standingOf(presences[at] ?? { kind: 'absent' })]));
    for (const [one, standing] of standings) await this.write(one, standing, null, fail);
    return standings;
  }

  private async send(route: UploadRoute, cargo: readonly Cargo[], fail: (cargo: Cargo, why: RouteFailure) => Promise<void>, working: Working): Promise<Rest> {
    const later: Cargo[] = [];
    const refused: { cargo: Cargo; failure: RouteFailure }[] = [];
    const size = Math.min(this.settings.icloud.batchSize, route.most);
    for (let start = 0; start < cargo.length; start += size) {
      const chunk = cargo.slice(start, start + size);
      const { failures, obstacle } = await this.handOver(route, chunk, { ...working, report: (label, fraction) => { working.report(label, ((fraction ?? 0) * chunk.length + start) / cargo.length); } });
      const missing = await this.lookUntilSeen(chunk, route, obstacle === null ? new Set(failures.keys()) : null, fail, working);
      for (const one of missing) {
        const failure = failures.get(one.file.deliveryId);
        if (failure && new PipelineError(failure.code, failure.reason).permanent) refused.push({ cargo: one, failure });
        else later.push(one);
      }
      if (obstacle !== null) {
        this.logger.warn({ code: obstacle.code, route: route.name }, `uploading to iCloud was broken off: ${obstacle.reason}`);
        return { later: [...later, ...cargo.slice(start + size)], refused, obstacle };
      }
    }
    return { later, refused, obstacle: null };
  }

  private async handOver(route: UploadRoute, chunk: readonly Cargo[], { signal, report }: Working): ReturnType<UploadRoute['upload']> {
    try {
      return await route.upload({ files: chunk.map(({ file }) => file), signal, report, beforePut: async (files) => { await this.ledger.handedOff(files, route); } });
    } catch (thrown) {
      signal.throwIfAborted();
      const { code, message } = toPipelineError(thrown);
      if (!this.routes.mayPassOver(code)) throw thrown;
      return { failures: new Map(), obstacle: { code, reason: message } };
    }
  }

  /**
   * Looks until iCloud shows what was handed over. What the route was refused is looked for, too, but not waited for.
   * @param refused ids of deliveries; null: the route broke off, and nothing is waited for
   * @returns what is not there
   */
  private async lookUntilSeen(chunk: readonly Cargo[], route: UploadRoute, refused: ReadonlySet<string> | null, fail: (cargo: Cargo, why: RouteFailure) => Promise<void>, working: Working): Promise<Cargo[]> {
    const awaited = refused === null ? [] : chunk.filter(({ file }) => !refused.has(file.deliveryId));
    const uploads = await this.cloud.uploads();
    working.report(`waiting until iCloud shows ${awaited.length} files`);
    const sightings = await uploads.waitUntilSeen(awaited.map(({ file: { checksum, bytes } }) => ({ checksum, bytes })), { signal: working.signal });
    const missing: Cargo[] = [];
    for (const [at, one] of awaited.entries()) {
      const sighting = sightings[at];
      if (sighting?.kind === 'seen') await this.write(one, standingOf(sighting.presence), route, fail);
      else missing.push(one);
    }
    const others = chunk.filter((one) => !awaited.includes(one));
    const standings = await this.look(others, fail, working);
    return [...missing, ...others.filter((one) => ['send', 'wait'].includes(standings.get(one)?.kind ?? 'send'))];
  }

  private async write(one: Cargo, standing: Standing, route: UploadRoute | null, fail: (cargo: Cargo, why: RouteFailure) => Promise<void>): Promise<void> {
    if (standing.kind === 'proven') await this.ledger.proven(one.delivery, one.file, standing.presence, route);
    if (standing.kind === 'given_up') await fail(one, standing);
  }

  /** Moves what is proven out of the bridge. */
  private async shelve(batch: Batch): Promise<void> {
    for (const delivery of await this.database.batches.deliveries(batch.id)) if (delivery.state === 'proven') await this.shelf.shelve(batch, delivery);
  }
}
