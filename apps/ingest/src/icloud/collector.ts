import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { PipelineError, toPipelineError, type ErrorCode } from '@media-pipeline/contracts';
import type { CloudAsset, PhotoLibrary, Refusal, Zone } from '@media-pipeline/icloud';
import type { AssetWithFiles } from '@media-pipeline/schema';
import { Settings } from '@media-pipeline/stage';
import { concurrently, inAdvance } from '../concurrently';
import { CloudCourier, type Fetched } from './adapters/cloud-courier';
import type { Connected } from './adapters/connection';
import { Deletions } from './adapters/deletions';
import { judgeDue, type Due, type DueFile } from './due';
import { ICloudRegister } from './icloud-register';
import { recordOfFiles } from './identity';

/** Reasons that lie with one file and may pass; all else that is not the file's own fault ends the reading. */
const passing: ReadonlySet<ErrorCode> = new Set(['ICLOUD_ASSET_REFUSED', 'ICLOUD_CONTENT_MISMATCH', 'ICLOUD_URL_EXPIRED', 'ICLOUD_ANSWER_UNKNOWN']);
/** An asset that fails so often in one process is given up. */
const mostTries = 3;
const lookupAtOnce = 100;

export interface Collecting extends Omit<Connected, 'account'> {
  readonly zones: () => Promise<readonly Zone[]>;
  readonly signal: AbortSignal;
  readonly report: (label: string, fraction?: number) => void;
}

/** What a collection came to. */
export interface Collected {
  brought: number;
  /** Of the files, those whose content was here under another name: not downloaded. */
  copied: number;
  bytes: number;
  setAside: number;
}

type Task = Due & { readonly asset: AssetWithFiles };

/** Fetches what was written down: the addresses of a few assets at a time, the files of an asset together, each asset once whatever crashed before. */
@Injectable()
export class Collector {
  private readonly tries = new Map<string, number>();

  constructor(
    private readonly settings: Settings,
    private readonly register: ICloudRegister,
    private readonly courier: CloudCourier,
    private readonly deletions: Deletions,
  ) {}

  /**
   * Until nothing is left to be fetched.
   * @param collected is kept up to date, also when it throws: what stands in the way of all, or the signal's reason
   */
  async collect(collecting: Collecting, collected: Collected): Promise<void> {
    const { signal } = collecting;
    for (let round = 1; ; round++) {
      let left = 0;
      for await (const done of concurrently(this.tasks(collecting), this.settings.icloud.downloadsAtOnce, async (task) => await this.settle(task, collecting, collected))) {
        if (!done) left += 1;
      }
      if (left === 0) break;
      await delay(Math.min(round, 5) * 1_000, undefined, { signal });
    }
    await this.courier.discardAll();
  }

  private async *tasks(collecting: Collecting): AsyncGenerator<Task> {
    const { icloud } = this.settings;
    for await (const tasks of inAdvance(this.pages(collecting, Math.min(icloud.batchSize, lookupAtOnce)))) yield* tasks;
  }

  /** Assets that are to come, with what iCloud says of them now. */
  private async *pages({ photos, zones, signal }: Collecting, size: number): AsyncGenerator<Task[]> {
    for await (const assets of this.register.arriving(size)) {
      signal.throwIfAborted();
      const seen = await this.register.seenOf(assets);
      const answers = await lookUp(photos, zones, assets, signal);
      // What a retake is to look at: files that were not written down with the asset.
      const others = await this.register.known([...answers.values()].filter((answer) => 'resources' in answer));
      const known = { ...others, seen: new Map([...seen, ...others.seen]) };
      yield assets.map((asset) => ({ ...judgeDue(asset, answers.get(asset.id), known), asset }));
    }
  }

  /** Brings one asset as far as it goes. @returns false when it is to be tried again */
  private async settle(task: Task, collecting: Collecting, collected: Collected): Promise<boolean> {
    const { asset } = task;
    const { signal } = collecting;
    signal.throwIfAborted();
    try {
      switch (task.kind) {
        case 'bring':
          await this.bring(asset, task, collecting, collected);
          break;
        case 'replaced':
          await this.giveUp(asset, 'FILE_CHANGING', 'another version took its place in iCloud before its bytes were here; that one is taken in instead', collected);
          break;
        case 'retake':
          await this.register.reserve([{ asset: task.cloud, takings: task.takings }]);
          await this.giveUp(asset, 'FILE_CHANGING', 'it changed in iCloud before its bytes were here; the new version is taken in instead', collected);
          break;
        case 'vanished':
          await this.giveUp(asset, 'FILE_VANISHED', 'it is no longer in iCloud, and its bytes never came', collected);
          await this.deletions.vanished(asset, task.how);
          break;
        case 'refused':
          throw new PipelineError('ICLOUD_ASSET_REFUSED', task.reason);
      }
      this.tries.delete(asset.id);
      return true;
    } catch (thrown) {
      signal.throwIfAborted();
      return await this.failed(asset, toPipelineError(thrown), collected);
    }
  }

  private async bring(asset: AssetWithFiles, { cloud, files }: { readonly cloud: CloudAsset; readonly files: readonly DueFile[] }, { photos, downloader, signal, report }: Collecting, collected: Collected): Promise<void> {
    report(asset.files[0]?.filename ?? asset.sourceKey);
    const fetched: Fetched[] = [];
    for (const { file, resource } of files) {
      const freshUrl = async (): Promise<string> => {
        const { assets } = await photos.lookup(cloud.zone, [cloud], signal);
        return assets.get(cloud.recordName)?.resources.find(({ key }) => key === resource.key)?.url ?? '';
      };
      fetched.push(await this.courier.fetch(downloader, file, resource, { freshUrl, signal, progress: (bytes) => { report(file.filename, resource.bytes === 0 ? 1 : bytes / resource.bytes); } }));
    }
    // Only now that every byte of every file is here does any of them get its name.
    const placed = [];
    for (const file of fetched) placed.push(await this.courier.place(file));
    const copied = fetched.filter((file) => file.copied).length;
    const how = copied === 0 ? 'download' : copied === fetched.length ? 'copy of what was here' : 'download and copy of what was here';
    if (!(await this.register.arrived(asset, placed, `${how}, verified by checksum`))) return;
    await this.register.announce(asset.id);
    collected.brought += 1;
    collected.copied += copied;
    collected.bytes += placed.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** @returns whether the asset is done with. @throws what stands in the way of all */
  private async failed(asset: AssetWithFiles, error: PipelineError, collected: Collected): Promise<boolean> {
    if (!passing.has(error.code) && (error.kind === 'environment' || error.kind === 'configuration')) throw error;
    const tries = (this.tries.get(asset.id) ?? 0) + 1;
    this.tries.set(asset.id, tries);
    if (passing.has(error.code) && tries < mostTries) return false;
    this.tries.delete(asset.id);
    await this.giveUp(asset, error.code, error.message, collected);
    return true;
  }

  private async giveUp(asset: AssetWithFiles, code: ErrorCode, reason: string, collected: Collected): Promise<void> {
    await this.register.stop(asset.id, code, reason);
    for (const file of asset.files) await this.courier.discard(file);
    collected.setAside += 1;
  }
}

/** What iCloud says of each asset now, by its id here. */
async function lookUp(photos: PhotoLibrary, zonesNow: () => Promise<readonly Zone[]>, assets: readonly AssetWithFiles[], signal: AbortSignal): Promise<Map<string, CloudAsset | Refusal>> {
  const wanted = assets.map((asset) => ({ id: asset.id, record: recordOfFiles(asset.files) }));
  const answers = new Map<string, CloudAsset | Refusal>();
  for (const zone of await zonesNow()) {
    const inZone = wanted.filter(({ record }) => record?.zone === zone.name);
    if (inZone.length === 0) continue;
    const found = await photos.lookup(zone, inZone.flatMap(({ record }) => record?.recordName ?? []), signal);
    const refused = new Map(found.refused.map((refusal) => [refusal.recordName, refusal]));
    for (const { id, record } of inZone) {
      const answer = found.assets.get(record?.recordName ?? '') ?? refused.get(record?.recordName ?? '');
      if (answer) answers.set(id, answer);
    }
  }
  return answers;
}
