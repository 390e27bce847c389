import { Injectable } from '@nestjs/common';
import type { RecompressionEvent, RecompressionResult } from '@media-pipeline/contracts';
import { Database, type AssetWithFiles } from '@media-pipeline/schema';
import { Settings } from '@media-pipeline/stage';
import { compressionSettings, recipeOf } from '../recipe';
import { askedOf, dueAgain, type AgainRule, type Due } from './due';
import { estimateBytes } from './estimate';
import { Exchange } from './exchange';
import { postponeMs, Recompressor, type Tried } from './recompressor';

const pageSize = 200;

export interface PassOptions {
  /** Photos and videos taken so many years ago, or longer; above 0. */
  readonly years: number;
  /** Only say what would be done. */
  readonly dryRun: boolean;
  readonly alone: boolean;
}

export interface PassAttendance {
  readonly signal: AbortSignal;
  onEvent?(event: RecompressionEvent): void;
  /** Asked before each file; the pass ends when it says no. */
  mayGoOn?(): Promise<boolean>;
}

/** Looks through the library for renditions that are due to be made again, and makes them, one at a time. */
@Injectable()
export class AgainPass {
  constructor(
    private readonly settings: Settings,
    private readonly database: Database,
    private readonly recompressor: Recompressor,
    private readonly exchange: Exchange,
  ) {}

  /** @throws what is in the way of every file: DISK_FULL, LIBRARY_READ_ONLY, DATABASE_UNAVAILABLE … */
  async run({ years, dryRun, alone }: PassOptions, attendance: PassAttendance): Promise<RecompressionResult> {
    if (!dryRun) await this.exchange.resume();
    const rule = this.rule(years);
    const total = { due: 0, replaced: 0, kept: 0, postponed: 0, bytesBefore: 0, bytesAfter: 0, unknown: 0 };
    const { maxFiles } = this.settings.compression;
    for await (const found of this.dueOnes(rule)) {
      if (dryRun) {
        const bytesAfter = estimateBytes(found.due);
        count(total, found.due, 'would be tried', bytesAfter);
        attendance.onEvent?.(eventOf(found, { outcome: 'would be tried', bytesAfter }));
        continue;
      }
      if (attendance.signal.aborted || (maxFiles !== null && total.replaced >= maxFiles) || (await attendance.mayGoOn?.()) === false) return { ...total, finished: false };
      const tried = await this.fresh(found, rule, alone, attendance.signal);
      if (tried === 'stopped') return { ...total, finished: false };
      if (tried === null) continue;
      count(total, found.due, tried.outcome, tried.outcome === 'replaced' ? tried.bytes : null);
      attendance.onEvent?.(eventOf(found, tried));
    }
    return { ...total, finished: true };
  }

  private rule(years: number): AgainRule {
    const { enable, compression } = this.settings;
    const settings = compressionSettings(compression, 'subsequent');
    const asked = (family: 'image' | 'video', on: boolean): string | null => (enable.compression && on ? askedOf(recipeOf(family, settings)) : null);
    return { years, now: new Date(), asked: { image: asked('image', enable.imageCompression), video: asked('video', enable.videoCompression) }, postponedBefore: new Date(Date.now() - postponeMs) };
  }

  private async *dueOnes(rule: AgainRule): AsyncGenerator<Found> {
    for (const state of ['sorted', 'completed'] as const) {
      let after: string | undefined;
      for (;;) {
        const page = await this.database.assets.list({ state, limit: pageSize, ...(after === undefined ? {} : { after }) });
        const attempts = await this.database.recompressions.ofAssets(page.map(({ id }) => id));
        for (const asset of page) for (const due of dueAgain(asset, attempts, rule)) yield { asset, due };
        after = page.at(-1)?.id;
        if (page.length < pageSize || after === undefined) break;
      }
    }
  }

  /** The page may have been read hours ago: what is due is judged by what the database says now. */
  private async fresh({ asset, due }: Found, rule: AgainRule, alone: boolean, signal: AbortSignal): Promise<Tried | null | 'stopped'> {
    const [now, attempts] = await Promise.all([this.database.assets.find(asset.id), this.database.recompressions.ofAssets([asset.id])]);
    const still = now && dueAgain(now, attempts, rule).find(({ file }) => file.id === due.file.id);
    if (!still) return null;
    try {
      return await this.recompressor.again(still, alone, { signal, report: () => undefined });
    } catch (error) {
      if (signal.aborted) return 'stopped';
      throw error;
    }
  }
}

interface Found {
  readonly asset: AssetWithFiles;
  readonly due: Due;
}

type Total = { -readonly [K in Exclude<keyof RecompressionResult, 'finished'>]: RecompressionResult[K] };

function count(total: Total, { rendition }: Due, outcome: RecompressionEvent['outcome'], bytesAfter: number | null): void {
  total.due += 1;
  if (outcome !== 'would be tried') total[outcome] += 1;
  else if (bytesAfter === null) total.unknown += 1;
  if (bytesAfter === null) return;
  total.bytesBefore += rendition.bytes;
  total.bytesAfter += bytesAfter;
}

function eventOf({ asset, due }: Found, tried: Tried | { readonly outcome: 'would be tried'; readonly bytesAfter: number | null }): RecompressionEvent {
  const { file, rendition } = due;
  return {
    ...{ assetId: asset.id, fileId: file.id, path: rendition.path, captureDate: asset.captureDate ?? '', outcome: tried.outcome, bytes: rendition.bytes },
    bytesAfter: tried.outcome === 'replaced' ? tried.bytes : tried.outcome === 'would be tried' ? tried.bytesAfter : null,
    ...('code' in tried ? { code: tried.code, reason: tried.reason } : { code: null, reason: null }),
  };
}
