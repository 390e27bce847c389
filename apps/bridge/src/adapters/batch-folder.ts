import { readdir } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import { destinations, PipelineError, type LibraryPath } from '@media-pipeline/contracts';
import { errnoOf, fileError, FileMover, hashFile, Library, placeLink, writeDurably } from '@media-pipeline/files';
import { Database, type AssetWithFiles, type Batch, type Delivery } from '@media-pipeline/schema';
import type { Cargo } from '../cargo';

/** The folder of a batch (`bridge/<destination>/<batch>/`) and its manifest (`<batch>.manifest.json` beside it). */
@Injectable()
export class BatchFolder {
  constructor(
    private readonly library: Library,
    private readonly mover: FileMover,
    private readonly database: Database,
  ) {}

  /** Puts each delivery's bytes under its name by hard link, reflink or copy. What is there already counts. */
  async place(batch: Batch, deliveries: readonly Delivery[], cargo: readonly Cargo[]): Promise<void> {
    for (const delivery of deliveries) {
      const item = cargo.find(({ fileId }) => fileId === delivery.fileId);
      if (!item) throw new PipelineError('PROOF_FAILED', `${delivery.name} stands in ${batch.path} but the asset has no such file.`);
      const target = this.library.absolute(inBatch(batch, delivery.name));
      await placeLink(this.library.absolute(item.from), target, { sha256: delivery.sha256, bytes: delivery.bytes });
    }
  }

  /** The deliveries whose file is not in the folder: their message was cut short between database and disk. */
  async missing(batch: Batch, deliveries: readonly Delivery[]): Promise<readonly Delivery[]> {
    const folder = this.library.absolute(batch.path);
    const there = new Set(await readdir(folder).catch((error: unknown) => (errnoOf(error) === 'ENOENT' ? [] : Promise.reject(fileError(error, folder, 'library')))));
    return deliveries.filter(({ name }) => !there.has(name));
  }

  /** The manifest: every file of the batch with its hash, for whoever uploads it, by hand or by program. */
  async writeManifest(batch: Batch, deliveries: readonly Delivery[], assets: readonly AssetWithFiles[]): Promise<void> {
    const kinds = new Map(assets.map((asset) => [asset.id, asset.kind]));
    const files = deliveries.map(({ name, sha256, bytes, assetId }) => ({ name, sha256, bytes, assetId, kind: kinds.get(assetId) ?? null }));
    const manifest = { version: 1, batchId: batch.id, destination: batch.destination, fileCount: files.length, totalBytes: files.reduce((sum, { bytes }) => sum + bytes, 0), files };
    await writeDurably(this.library.absolute(manifestPath(batch)), `${JSON.stringify(manifest, null, 2)}\n`);
  }

  /** Moves whatever lies in the bridge and belongs to no known batch to cleanup/. Returns how many files that were. */
  async clearStrangers(): Promise<number> {
    const known = new Set((await this.database.batches.list({ limit: 1_000_000 })).flatMap((batch) => [batch.path as string, manifestPath(batch) as string]));
    let moved = 0;
    for (const destination of destinations) {
      const area = this.library.absolute(this.library.path(`bridge/${destination}`));
      for (const entry of await readdir(area, { withFileTypes: true, recursive: true })) {
        if (!entry.isFile()) continue;
        const path = this.library.relative(`${entry.parentPath}/${entry.name}`);
        if (known.has(path) || [...known].some((batch) => path.startsWith(`${batch}/`))) continue;
        const { sha256, bytes } = await hashFile(this.library.absolute(path));
        await this.mover.move({ assetId: null, fileId: null, from: path, to: this.library.path('cleanup', 'strangers', sha256.slice(0, 12), entry.name), sha256, bytes, reason: 'belongs to no batch' });
        moved++;
      }
    }
    return moved;
  }
}

const inBatch = (batch: Batch, name: string): LibraryPath => `${batch.path}/${name}` as LibraryPath;
const manifestPath = (batch: Batch): LibraryPath => `${batch.path}.manifest.json` as LibraryPath;
