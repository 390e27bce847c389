import { RenditionProof } from '@media-pipeline/contracts';
import type { AssetWithFiles, GoneHow, MediaFile, Rendition } from '@media-pipeline/schema';
import { counted } from './text';

interface Place {
  readonly path: string;
  readonly sha256: string | null;
  readonly bytes: number;
}

/** One asset as `asset list --json` prints it: one line, paths relative to the library. */
export interface AssetLine {
  readonly id: string;
  readonly state: string;
  /** `CODE: sentence`: why it was stopped, or why its original was kept. */
  readonly reason: string | null;
  /** The primary file. */
  readonly original: Place;
  /** What the primary file was compressed to. */
  readonly rendition: Place | null;
  readonly archived: readonly string[];
  readonly duplicateOf: string | null;
  /** Every file of the asset: a Live Photo has two. */
  readonly files: readonly (Place & { readonly role: string; readonly filename: string; readonly archivedPath: string | null; readonly rendition: (Place & { readonly archivedPath: string | null; readonly proof: RenditionProof | null }) | null; readonly keptBecause: string | null })[];
  /** The source has it no longer; what is here stays. */
  readonly gone: { readonly at: Date; readonly how: GoneHow } | null;
}

/** Null for what was made before proofs were kept, and for one of a form that this version does not know. */
function proofOf({ proof }: Rendition): RenditionProof | null {
  if (proof === null) return null;
  const parsed = RenditionProof.safeParse(JSON.parse(proof));
  return parsed.success ? parsed.data : null;
}

/** `{"width":4,"height":3}` as `width 4, height 3`. */
const plain = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'object' && value !== null ? Object.entries(value).map(([key, part]) => `${key} ${plain(part)}`).join(' ') : JSON.stringify(value);

/** A proof in lines for people. */
export function proofLines({ quality, metadata, embedded, dimensions, search, madeAgain, encoder }: RenditionProof): string[] {
  const { width, height, frames, seconds } = dimensions;
  const told = Object.entries(encoder).map(([key, value]) => (key === 'encoder' ? plain(value) : `${key} ${plain(value)}`));
  return [
    `decoded to the end, ${width} × ${height}${frames === undefined ? '' : `, ${frames} frames`}${seconds === undefined ? '' : `, ${seconds} s`}`,
    `quality ${quality.metric === 'lossless' ? 'lossless: every sample is equal' : `${quality.metric} ${quality.mean}, ${quality.worst} at its worst`}${quality.chroma === undefined ? '' : `; chroma differs by ${quality.chroma} of 255 levels`}`,
    `metadata equal: ${metadata.compared === 'bytes' ? `${counted(metadata.count, 'block', 'blocks')} byte for byte` : counted(metadata.count, 'tag', 'tags')}${metadata.allowed.length > 0 ? `; allowed to differ: ${metadata.allowed.join(', ')}` : ''}`,
    ...embedded.map((part) => `embedded equal: ${part.name}, ${part.bytes} bytes, sha256 ${part.sha256.slice(0, 16)}…`),
    ...(search ? [`search: ${search.parameter} ${search.chosen} for ${search.target} after ${search.trials.length} trials in ${search.milliseconds} ms`] : []),
    ...(madeAgain ? [`made again from the archived original ${madeAgain.path}, instead of a rendition of ${madeAgain.earlier.bytes} bytes, sha256 ${madeAgain.earlier.sha256.slice(0, 16)}…`] : []),
    `encoder: ${told.join(', ')}`,
  ];
}

const goneHow: Readonly<Record<GoneHow, string>> = { hidden: 'hidden there', trashed: 'deleted there (it may come back)', purged: 'deleted there for good' };

/** What became of an asset in its source: `deleted there for good, seen 2026-11-02`. */
export const goneWords = (gone: AssetLine['gone']): string => (gone === null ? 'still there' : `${goneHow[gone.how]}, seen ${gone.at.toISOString().slice(0, 10)}`);

const coded = (code: string | null, reason: string | null): string | null => (code === null ? reason : `${code}: ${reason ?? ''}`.trimEnd());

function placeOf(rendition: Rendition | undefined): AssetLine['files'][number]['rendition'] {
  if (rendition?.outcome !== 'compressed' || rendition.path === null || rendition.bytes === null) return null;
  return { path: rendition.path, sha256: rendition.sha256, bytes: rendition.bytes, archivedPath: rendition.archivedPath, proof: proofOf(rendition) };
}

export function assetLine(asset: AssetWithFiles): AssetLine {
  const renditionOf = (file: MediaFile): Rendition | undefined => asset.renditions.find(({ fileId }) => fileId === file.id);
  const primary = asset.files.find(({ role }) => role === 'primary') ?? asset.files[0];
  const ofPrimary = primary && renditionOf(primary);
  const compressed = placeOf(ofPrimary);
  const kept = ofPrimary?.outcome === 'kept' ? coded(ofPrimary.code, ofPrimary.reason) : null;
  return {
    id: asset.id,
    state: asset.state,
    reason: asset.code === null ? (asset.reason ?? kept) : coded(asset.code, asset.reason),
    original: { path: primary?.path ?? '', sha256: primary?.sha256 ?? null, bytes: primary?.bytes ?? 0 },
    rendition: compressed && { path: compressed.path, sha256: compressed.sha256, bytes: compressed.bytes },
    archived: [...asset.files.map((file) => file.archivedPath), ...asset.renditions.map((rendition) => rendition.archivedPath)].filter((path) => path !== null),
    duplicateOf: asset.duplicateOf,
    files: asset.files.map((file) => {
      const rendition = renditionOf(file);
      return {
        role: file.role,
        filename: file.filename,
        path: file.path,
        sha256: file.sha256,
        bytes: file.bytes,
        archivedPath: file.archivedPath,
        rendition: placeOf(rendition),
        keptBecause: rendition?.outcome === 'kept' ? coded(rendition.code, rendition.reason) : null,
      };
    }),
    gone: asset.goneAt === null || asset.goneHow === null ? null : { at: asset.goneAt, how: asset.goneHow },
  };
}
