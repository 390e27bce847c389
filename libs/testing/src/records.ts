import { LibraryPath } from '@media-pipeline/contracts';
import type { AssetWithFiles, MediaFile, Rendition } from '@media-pipeline/schema';

const at = new Date('2026-01-01T00:00:00Z');
const parse = (path: string): LibraryPath => LibraryPath.parse(path);

/** A media file of the asset `asset`, as the database would give it. */
export function aFile(changes: Partial<Omit<MediaFile, 'path' | 'archivedPath'>> & { path?: string; archivedPath?: string | null } = {}): MediaFile {
  const { path = 'originals/IMG_1.JPG', archivedPath = null, ...rest } = changes;
  const filename = path.slice(path.lastIndexOf('/') + 1);
  return { id: 'file', assetId: 'asset', role: 'primary', filename, bytes: 100, sha256: 'a'.repeat(64), sourcePath: null, modifiedAt: at, ...rest, path: parse(path), archivedPath: archivedPath === null ? null : parse(archivedPath) };
}

/** A rendition of {@link aFile}. */
export function aRendition(changes: Partial<Omit<Rendition, 'path'>> & { path?: string | null } = {}): Rendition {
  const { path = 'compressed/IMG_1.JPG', ...rest } = changes;
  return { id: 'rendition', fileId: 'file', assetId: 'asset', sourceSha256: 'a'.repeat(64), outcome: 'compressed', code: null, reason: null, sha256: 'b'.repeat(64), bytes: 50, settings: '{}', proof: null, archivedPath: null, ...rest, path: path === null ? null : parse(path) };
}

/** An asset with one file, in state `compressed`. */
export function anAsset(changes: Partial<AssetWithFiles> = {}): AssetWithFiles {
  return {
    id: 'asset', source: 'folder', sourceKey: 'IMG_1.JPG', sourceRecord: null, kind: 'photo', state: 'compressed', stateBefore: null, code: null, reason: null,
    captureDate: null, captureDateSource: null, takenAt: null, goneAt: null, goneHow: null, duplicateOf: null, createdAt: at, updatedAt: at, files: [aFile()], renditions: [], ...changes,
  };
}
