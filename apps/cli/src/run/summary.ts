import type { AssetWithFiles } from '@media-pipeline/schema';

/** The numbers of a library: the last line of `run --json`, exactly with these keys. */
export interface Summary {
  readonly assets: number;
  readonly files: number;
  readonly unique: number;
  readonly duplicates: number;
  readonly compressed: number;
  readonly keptOriginal: number;
  readonly setAside: number;
  readonly failed: number;
  readonly sorted: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly seconds: number;
  readonly library: string;
}

type Counts = Omit<Summary, 'seconds' | 'library'>;

/** States of an asset whose content was found to be here once, and that was not stopped. */
const unique: ReadonlySet<string> = new Set(['unique', 'compressed', 'bridged', 'verified', 'sorted', 'completed']);
/** Those that the compressor has looked at. */
const prepared: ReadonlySet<string> = new Set(['compressed', 'bridged', 'verified', 'sorted', 'completed']);

/** What one asset adds to the summary of its library. */
export function countAsset(asset: AssetWithFiles): Counts {
  const smaller = asset.renditions.some(({ outcome }) => outcome === 'compressed');
  const one = (condition: boolean): number => (condition ? 1 : 0);
  const bytesOf = (fileId: string, original: number): number => asset.renditions.find((rendition) => rendition.fileId === fileId && rendition.outcome === 'compressed')?.bytes ?? original;
  return {
    assets: 1,
    files: asset.files.length,
    unique: one(unique.has(asset.state)),
    duplicates: one(asset.state === 'duplicate'),
    compressed: one(smaller),
    keptOriginal: one(!smaller && asset.renditions.length > 0),
    setAside: one(asset.state === 'set_aside'),
    failed: one(asset.state === 'failed'),
    sorted: one(asset.state === 'sorted'),
    bytesIn: asset.files.reduce((sum, file) => sum + file.bytes, 0),
    bytesOut: prepared.has(asset.state) ? asset.files.reduce((sum, file) => sum + bytesOf(file.id, file.bytes), 0) : 0,
  };
}

export const noAssets: Counts = { assets: 0, files: 0, unique: 0, duplicates: 0, compressed: 0, keptOriginal: 0, setAside: 0, failed: 0, sorted: 0, bytesIn: 0, bytesOut: 0 };

export const add = (a: Counts, b: Counts): Counts => ({
  assets: a.assets + b.assets,
  files: a.files + b.files,
  unique: a.unique + b.unique,
  duplicates: a.duplicates + b.duplicates,
  compressed: a.compressed + b.compressed,
  keptOriginal: a.keptOriginal + b.keptOriginal,
  setAside: a.setAside + b.setAside,
  failed: a.failed + b.failed,
  sorted: a.sorted + b.sorted,
  bytesIn: a.bytesIn + b.bytesIn,
  bytesOut: a.bytesOut + b.bytesOut,
});
