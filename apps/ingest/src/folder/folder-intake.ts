import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { emit, PipelineError, toPipelineError, type Emit } from '@media-pipeline/contracts';
import { bytesOfName, textOfName } from '@media-pipeline/files';
import type { AssetWithFiles } from '@media-pipeline/schema';
import { Courier } from './adapters/courier';
import type { OpenFolder } from './adapters/folder-source';
import { AssetFinder } from './asset-finder';
import { concurrently, inBatches } from '../concurrently';
import { decide, settlesIn } from './decide';
import type { Item } from './item';
import { FolderRegister, type Entry } from './folder-register';
import { inClusters, Scan } from './scan';
import type { Listing } from './source-file';

/** Copies under way at a time: enough to keep a disk busy while others wait for their fsync. */
const copiesAtOnce = 12;
/** Files that are identified at a time, and assets that are written down in one transaction. */
const batchSize = 64;

export interface IntakeOptions {
  readonly signal: AbortSignal;
  readonly report: (label: string) => void;
  /** Wait so long (ms) for files that are still being written; 0 leaves them to the next reading. */
  readonly patienceMs: number;
}

/** Takes in what is new in a folder: each file once, whatever crashed before. Only this much of it knows the order of things. */
@Injectable()
export class FolderIntake {
  private readonly complained = new Set<string>();

  constructor(
    private readonly finder: AssetFinder,
    private readonly courier: Courier,
    private readonly register: FolderRegister,
  ) {}

  /**
   * Reads the whole folder and yields a message for each asset that has all its bytes.
   * One bad file never ends it; it throws when the machine is in the way (full disk, database, broker), to be begun again.
   */
  async *take(source: OpenFolder, scan: Scan, options: IntakeOptions): AsyncGenerator<Emit> {
    yield* this.work(this.itemsOf(source, counted(source.walk(), scan), scan), source, scan, options);
    yield* this.work(listOf(scan.leftBehindUnlessEmpty().map((assetId) => ({ do: 'resume', assetId }) as const)), source, scan, options);
    const until = Date.now() + options.patienceMs;
    for (;;) {
      const changed = scan.takeChanged();
      const waited = changed.length > 0 ? [] : await this.settled(scan, until, options.signal);
      const folders = [...changed, ...waited];
      if (folders.length === 0) return;
      yield* this.work(this.itemsOf(source, listings(source, folders), scan), source, scan, options);
    }
  }

  /** The folders in which files were still being written and have had the time to settle. None when there are none, or patience ends before. */
  private async settled(scan: Scan, until: number, signal: AbortSignal): Promise<Buffer[]> {
    const next = Math.min(...scan.waiting.map(({ at }) => at));
    if (scan.waiting.length === 0 || Date.now() >= until || next > until) return [];
    await delay(Math.max(next - Date.now(), 1), undefined, { signal });
    return scan.takeWaiting();
  }

  private async *work(items: AsyncIterable<Item>, source: OpenFolder, scan: Scan, options: IntakeOptions): AsyncGenerator<Emit> {
    for await (const said of concurrently(this.entries(items, scan), copiesAtOnce, async (entry) => await this.settle(entry, source, scan, options))) {
      if (said !== null) yield said;
    }
  }

  private async *entries(items: AsyncIterable<Item>, scan: Scan): AsyncGenerator<Entry> {
    for await (const batch of inBatches(items, batchSize)) {
      for (const entry of await this.register.enter(batch)) {
        scan.remember(entry);
        yield entry;
      }
    }
  }

  /** Once per process: the folder is met again at each reading. */
  private async complain(folder: string, { code, reason }: NonNullable<Listing['unreadable']>): Promise<void> {
    if (this.complained.has(folder)) return;
    this.complained.add(folder);
    await this.register.note(code, `the folder ${folder} cannot be read: ${reason}`);
  }

  /** What the listings ask for. */
  private async *itemsOf(source: OpenFolder, folders: AsyncIterable<Listing>, scan: Scan): AsyncGenerator<Item> {
    const { stableMs, announce } = scan.options;
    for await (const listing of folders) {
      scan.saw(listing, textOfName(Buffer.concat([source.root, Buffer.from('/'), listing.folder])));
      if (listing.unreadable) await this.complain(textOfName(listing.folder), listing.unreadable);
      const now = Date.now();
      const decision = decide(listing.files, scan.known, {
        settled: (file) => settlesIn(file, now, stableMs) <= 0,
        urgent: ({ sourcePath }) => scan.retake.has(sourcePath),
      });
      scan.note(decision);
      for (const file of decision.unsettled) scan.wait(listing.folder, now + Math.max(settlesIn(file, now, stableMs), 1));
      for (const assetId of decision.replaced) yield { do: 'stop', assetId, code: 'FILE_CHANGING', reason: 'another version took the place of the file before its bytes were here; that one is taken in instead' };
      for (const assetId of decision.resume) if (!scan.handled.has(assetId)) yield { do: 'resume', assetId };
      if (announce) for (const assetId of decision.announce) if (!scan.handled.has(assetId)) yield { do: 'announce', assetId };
      for (const finding of scan.newFindings(listing.findings)) yield { do: 'refuse', finding };
      for (const cluster of inClusters(decision.fresh, batchSize)) yield* this.found(await this.finder.find(cluster), scan);
    }
  }

  private *found({ groups, refused }: Awaited<ReturnType<AssetFinder['find']>>, scan: Scan): Generator<Item> {
    for (const { kind, files } of groups) {
      yield { do: 'take', kind, members: files.map(({ file: { file }, role }) => ({ file, role })), ...scan.markerOf(files.map(({ file: { file } }) => file)) };
    }
    for (const finding of refused) yield { do: 'refuse', finding, ...scan.markerOf([finding.file]) };
  }

  /** Brings one asset as far as it goes. @returns what is to be said then */
  private async settle({ item, asset }: Entry, source: OpenFolder, scan: Scan, { signal, report }: IntakeOptions): Promise<Emit | null> {
    signal.throwIfAborted();
    scan.handled.add(asset.id);
    if (asset.state !== 'arriving') return asset.state === 'discovered' ? announcement(asset) : null;
    if (item.do === 'refuse' || item.do === 'stop') {
      const { code, reason } = item.do === 'refuse' ? item.finding : item;
      await this.register.stop(asset.id, code, reason);
      scan.setAside += 1;
      return null;
    }
    try {
      report(asset.files[0]?.filename ?? asset.sourceKey);
      const placements = [];
      for (const file of asset.files) placements.push({ fileId: file.id, placement: await this.courier.bring(file, scan.versionOf(file.sourcePath), signal) });
      await this.register.arrived(asset, placements.map(({ fileId, placement: { sha256, bytes, checksum } }) => ({ fileId, sha256, bytes, checksum })), [...new Set(placements.map(({ placement }) => placement.method))].join(' and '));
      scan.taken += 1;
      return announcement(asset);
    } catch (error) {
      signal.throwIfAborted();
      await this.stopped(asset, toPipelineError(error), source, scan);
      return null;
    }
  }

  /** The file's fault: set aside, and whatever stands in its place is looked at anew. A defect of ours: that one asset has failed. The machine's: stop. */
  private async stopped(asset: AssetWithFiles, error: PipelineError, source: OpenFolder, scan: Scan): Promise<void> {
    if (error.kind === 'environment' || error.kind === 'configuration') throw error;
    await this.register.stop(asset.id, error.code, error.message);
    scan.setAside += 1;
    if (error.code !== 'FILE_CHANGING' && error.code !== 'FILE_VANISHED') return;
    const folder = bytesOfName(asset.sourceKey.slice(0, Math.max(asset.sourceKey.lastIndexOf('/'), 0)));
    if (asset.files.every(({ sourcePath }) => sourcePath?.startsWith(textOfName(source.root)))) scan.lost(asset, folder);
  }
}

const announcement = ({ id }: AssetWithFiles): Emit => emit('media.discovered', { assetId: id }, id);

async function* counted(walk: AsyncIterable<Listing>, scan: Scan): AsyncGenerator<Listing> {
  for await (const listing of walk) {
    scan.leaves(listing.others);
    yield listing;
  }
}

async function* listings(source: OpenFolder, folders: readonly Buffer[]): AsyncGenerator<Listing> {
  for (const folder of folders) yield await source.list(folder);
}

// eslint-disable-next-line @typescript-eslint/require-await -- an async iterable like the others
async function* listOf<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
