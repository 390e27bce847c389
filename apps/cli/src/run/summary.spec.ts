import { aFile, anAsset, aRendition } from '@media-pipeline/testing';
import { add, countAsset, noAssets } from './summary';

describe('the summary of a library', () => {
  it('counts a Live Photo as one asset with two files, by what each became', () => {
    const live = anAsset({
      state: 'sorted',
      files: [aFile({ id: 'heic', bytes: 1000 }), aFile({ id: 'mov', role: 'live_video', path: 'originals/IMG_1.MOV', bytes: 4000 })],
      renditions: [aRendition({ fileId: 'heic', bytes: 600 }), aRendition({ fileId: 'mov', outcome: 'kept', path: null, bytes: null })],
    });
    expect(countAsset(live)).toEqual({ assets: 1, files: 2, unique: 1, duplicates: 0, compressed: 1, keptOriginal: 0, setAside: 0, failed: 0, sorted: 1, bytesIn: 5000, bytesOut: 4600 });
  });

  it('counts kept originals and duplicates, and what was stopped as that alone', () => {
    expect(countAsset(anAsset({ state: 'sorted', renditions: [aRendition({ outcome: 'kept', path: null, bytes: null })] }))).toMatchObject({ compressed: 0, keptOriginal: 1, bytesIn: 100, bytesOut: 100 });
    expect(countAsset(anAsset({ state: 'duplicate' }))).toMatchObject({ unique: 0, duplicates: 1, bytesIn: 100, bytesOut: 0 });
    expect(countAsset(anAsset({ state: 'set_aside', stateBefore: 'discovered' }))).toMatchObject({ unique: 0, setAside: 1, bytesOut: 0 });
    expect(countAsset(anAsset({ state: 'failed', stateBefore: 'bridged' }))).toMatchObject({ unique: 0, failed: 1 });
  });

  it('adds up', () => {
    const one = countAsset(anAsset());
    expect(add(add(noAssets, one), one)).toMatchObject({ assets: 2, files: 2, bytesIn: 200 });
  });
});
