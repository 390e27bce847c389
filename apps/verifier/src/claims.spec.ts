import { LibraryPath } from '@media-pipeline/contracts';
import type { Batch, Delivery } from '@media-pipeline/schema';
import { aFile, anAsset, aRendition } from '@media-pipeline/testing';
import { allSettled, claimsOf } from './claims';

const batch: Batch = { id: 'b', destination: 'icloud', status: 'created', path: LibraryPath.parse('bridge/icloud/b'), fileCount: 1, totalBytes: 50, createdAt: new Date(), completedAt: null };
const delivery = (state: Delivery['state']): Delivery => ({ id: 'd', assetId: 'asset', fileId: 'file', batchId: 'b', destination: 'icloud', name: 'IMG_1.JPG', sha256: 'b'.repeat(64), bytes: 50, state, evidence: null });

describe('claimsOf', () => {
  it('names every place that is said to hold bytes of the asset', () => {
    const asset = anAsset({ files: [aFile({ archivedPath: 'sorted/2021/05/03/IMG_1.JPG' })], renditions: [aRendition()] });
    expect(claimsOf(asset, [delivery('off')], new Map([['b', batch]])).map(({ what, path, bytes }) => [what, path, bytes])).toEqual([
      ['original', 'originals/IMG_1.JPG', 100],
      ['archive', 'sorted/2021/05/03/IMG_1.JPG', 100],
      ['rendition', 'compressed/IMG_1.JPG', 50],
      ['batch', 'bridge/icloud/b/IMG_1.JPG', 50],
    ]);
  });

  it('does not look in the bridge for what has left it', () => {
    expect(claimsOf(anAsset(), [delivery('proven')], new Map([['b', batch]])).map(({ what }) => what)).toEqual(['original']);
  });

  it('claims no rendition where the original was kept', () => {
    const asset = anAsset({ renditions: [aRendition({ outcome: 'kept', path: null, sha256: null, bytes: null })] });
    expect(claimsOf(asset, [], new Map()).map(({ what }) => what)).toEqual(['original']);
  });
});

describe('allSettled', () => {
  it('waits for every destination', () => {
    expect(allSettled([delivery('off'), delivery('proven')])).toBe(true);
    expect(allSettled([delivery('off'), delivery('staged')])).toBe(false);
    expect(allSettled([delivery('handed_off')])).toBe(false);
  });
});
