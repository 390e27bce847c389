import { aFile, anAsset, aRendition } from '@media-pipeline/testing';
import { cargoFor, wantedDestinations } from './cargo';

describe('cargoFor', () => {
  const asset = anAsset({ files: [aFile()], renditions: [aRendition()] });

  it('sends iCloud the rendition, under the name of the original', () => {
    expect(cargoFor('icloud', asset)).toEqual([{ fileId: 'file', name: 'IMG_1.JPG', from: 'compressed/IMG_1.JPG', sha256: 'b'.repeat(64), bytes: 50 }]);
  });

  it('sends the Pixel the original, always', () => {
    expect(cargoFor('pixel', asset)).toEqual([{ fileId: 'file', name: 'IMG_1.JPG', from: 'originals/IMG_1.JPG', sha256: 'a'.repeat(64), bytes: 100 }]);
  });

  it('sends the original where it was kept', () => {
    const kept = anAsset({ files: [aFile()], renditions: [aRendition({ outcome: 'kept', code: 'NOT_SMALLER', path: null, sha256: null, bytes: null })] });
    expect(cargoFor('icloud', kept)).toMatchObject([{ from: 'originals/IMG_1.JPG' }]);
  });

  it('leaves sidecars at home', () => {
    const edited = anAsset({ files: [aFile(), aFile({ id: 'edit', role: 'edited', path: 'originals/IMG_1-edited.JPG' }), aFile({ id: 'steps', role: 'sidecar', path: 'originals/IMG_1.AAE' })] });
    for (const destination of ['icloud', 'pixel'] as const) expect(cargoFor(destination, edited).map(({ fileId }) => fileId)).toEqual(['file', 'edit']);
  });

  it('refuses a file without a hash', () => {
    expect(() => cargoFor('pixel', anAsset({ files: [aFile({ sha256: null })] }))).toThrow('has no hash');
  });
});

describe('wantedDestinations', () => {
  const all = { icloudDownload: true, folderDownload: true, icloudUpload: true, pixelUpload: true, compression: true, imageCompression: true, videoCompression: true, similarity: false, deduplication: true, filePreparation: true, sorting: true, verification: true, googlePhotosSyncCheck: true };

  it('follows the toggles', () => {
    expect(wantedDestinations(all)).toEqual(['icloud', 'pixel']);
    expect(wantedDestinations({ ...all, icloudUpload: false })).toEqual(['pixel']);
    expect(wantedDestinations({ ...all, filePreparation: false })).toEqual([]);
  });
});
