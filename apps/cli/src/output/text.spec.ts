import fc from 'fast-check';
import { aFile, anAsset, aRendition } from '@media-pipeline/testing';
import type { RenditionProof } from '@media-pipeline/contracts';
import { assetLine, goneWords, proofLines } from './asset-view';
import { bytes, duration, printable, shortened, table } from './text';

describe('text for people', () => {
  it('has sizes and times', () => {
    expect([0, 999, 1_000, 1_536_000, 12_345_678_901].map(bytes)).toEqual(['0 B', '999 B', '1.00 KB', '1.54 MB', '12.3 GB']);
    expect([0.42, 42.4, 61, 3_725, Infinity].map(duration)).toEqual(['0.4 s', '42 s', '1 min 01 s', '1 h 02 min', '?']);
    expect(shortened('a-long-name.jpg', 8)).toBe('…ame.jpg');
  });

  it('never carries control characters of file names', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (name) => !/[\u0000-\u001a\u001c-\u001f\u007f-\u009f]/.test(printable(name))));
    expect(printable('a\nb\u001b]0;x\u0007')).toBe('a\\x0ab\\x1b]0;x\\x07');
  });

  it('aligns columns', () => {
    expect(table(['a', 'n'], [['x', 5], ['long', 12]], [1])).toBe(['a      n', 'x      5', 'long  12'].join('\n'));
  });
});

describe('an asset as one JSON line', () => {
  it('has the promised keys first, and its files after', () => {
    const line = assetLine(anAsset({ state: 'sorted', files: [aFile({ archivedPath: 'sorted/2021/05/03/IMG_1.JPG' })], renditions: [aRendition()] }));
    expect(Object.keys(line)).toEqual(['id', 'state', 'reason', 'original', 'rendition', 'archived', 'duplicateOf', 'files', 'gone']);
    expect(line).toMatchObject({
      reason: null,
      original: { path: 'originals/IMG_1.JPG', sha256: 'a'.repeat(64), bytes: 100 },
      rendition: { path: 'compressed/IMG_1.JPG', sha256: 'b'.repeat(64), bytes: 50 },
      archived: ['sorted/2021/05/03/IMG_1.JPG'],
    });
  });

  it('says why it was stopped, or why its original was kept', () => {
    expect(assetLine(anAsset({ state: 'set_aside', code: 'FILE_EMPTY', reason: 'It has no bytes.' })).reason).toBe('FILE_EMPTY: It has no bytes.');
    const kept = assetLine(anAsset({ renditions: [aRendition({ outcome: 'kept', path: null, bytes: null, sha256: null, code: 'NOT_SMALLER', reason: '120 % of the original' })] }));
    expect(kept).toMatchObject({ reason: 'NOT_SMALLER: 120 % of the original', rendition: null });
  });

  it('has the proof of a rendition, in lines for people too, and none that it cannot read', () => {
    const proof: RenditionProof = {
      ...{ version: 1, decoded: true, source: { sha256: 'a'.repeat(64), bytes: 100 }, result: { sha256: 'b'.repeat(64), bytes: 50 }, dimensions: { width: 4, height: 3 } },
      ...{ metadata: { compared: 'bytes', count: 7, allowed: [] }, embedded: [{ name: 'MPF picture 2', bytes: 9, sha256: 'c'.repeat(64) }], quality: { metric: 'ms-ssim-luma', mean: 0.997, worst: 0.99 } },
      encoder: { encoder: 'mozjpeg', quality: 80, size: { width: 4, height: 3 } },
    };
    const line = assetLine(anAsset({ renditions: [aRendition({ proof: JSON.stringify(proof) })] }));
    expect(line.files[0]?.rendition?.proof).toEqual(proof);
    expect(proofLines(proof)).toEqual([
      ...['decoded to the end, 4 × 3', 'quality ms-ssim-luma 0.997, 0.99 at its worst', 'metadata equal: 7 blocks byte for byte'],
      ...[`embedded equal: MPF picture 2, 9 bytes, sha256 ${'c'.repeat(16)}…`, 'encoder: mozjpeg, quality 80, size width 4 height 3'],
    ]);
    expect(assetLine(anAsset({ renditions: [aRendition({ proof: '{"version":9}' })] })).files[0]?.rendition?.proof).toBeNull();
  });

  it('says that its source has it no longer', () => {
    const gone = assetLine(anAsset({ goneAt: new Date('2026-11-02T10:00:00Z'), goneHow: 'purged' })).gone;
    expect(goneWords(gone)).toBe('deleted there for good, seen 2026-11-02');
    expect(goneWords(assetLine(anAsset()).gone)).toBe('still there');
  });
});
