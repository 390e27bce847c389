import type { Config } from '@media-pipeline/config';
import { PipelineError, type Destination, type LibraryPath } from '@media-pipeline/contracts';
import type { AssetWithFiles, Staging } from '@media-pipeline/schema';

/** The destinations that the settings want files to be staged for. */
export function wantedDestinations(enable: Config['enable']): readonly Destination[] {
  if (!enable.filePreparation) return [];
  return [...(enable.icloudUpload ? (['icloud'] as const) : []), ...(enable.pixelUpload ? (['pixel'] as const) : [])];
}

/** One file to be staged: what the batch is told, and where its bytes are now. */
export interface Cargo extends Staging {
  readonly from: LibraryPath;
}

/** What of an asset goes to a destination: iCloud gets the rendition where there is one, the Pixel always the original. Sidecars are no pictures: nobody else can read them. */
export function cargoFor(destination: Destination, asset: AssetWithFiles): readonly Cargo[] {
  return asset.files.filter(({ role }) => role !== 'sidecar').map((file) => {
    const rendition = asset.renditions.find((candidate) => candidate.fileId === file.id && candidate.outcome === 'compressed');
    if (destination === 'icloud' && rendition?.path && rendition.sha256 !== null && rendition.bytes !== null) {
      return { fileId: file.id, name: file.filename, from: rendition.path, sha256: rendition.sha256, bytes: rendition.bytes };
    }
    if (file.sha256 === null) throw new PipelineError('PROOF_FAILED', `${file.path} has no hash although it has arrived.`);
    return { fileId: file.id, name: file.filename, from: file.path, sha256: file.sha256, bytes: file.bytes };
  });
}
