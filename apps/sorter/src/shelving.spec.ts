import fc from 'fast-check';
import { aFile, anAsset, aRendition } from '@media-pipeline/testing';
import { dayFolder, originalsAreArchived, shelvings } from './shelving';

describe('dayFolder', () => {
  it.each([
    ['2021-05-03T14:03:01+02:00', ['2021', '05', '03']],
    ['2021-05-03T23:59:59-11:00', ['2021', '05', '03']],
    ['2021-05-03T00:00:00', ['2021', '05', '03']],
    [null, ['unknown']],
    ['', ['unknown']],
    ['yesterday', ['unknown']],
  ])('puts %s into %j', (date, folder) => {
    expect(dayFolder(date)).toEqual(folder);
  });

  it('follows the local day, whatever the offset', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date('1900-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }), fc.constantFrom('', 'Z', '+14:00', '-12:00'), (date, offset) => {
        const local = date.toISOString().slice(0, 19);
        return dayFolder(local + offset).join('-') === local.slice(0, 10);
      }),
    );
  });
});

describe('shelvings', () => {
  const asset = anAsset({ files: [aFile()], renditions: [aRendition()] });
  const names = (variant: 'original' | 'compressed' | 'both'): string[] => shelvings(asset, variant).map(({ from, name }) => `${from} as ${name}`);

  it('archives the original, the rendition, or both under different names', () => {
    expect(names('original')).toEqual(['originals/IMG_1.JPG as IMG_1.JPG']);
    expect(names('compressed')).toEqual(['compressed/IMG_1.JPG as IMG_1.JPG']);
    expect(names('both')).toEqual(['originals/IMG_1.JPG as IMG_1.JPG', 'compressed/IMG_1.JPG as IMG_1-compressed.JPG']);
  });

  it('archives the original where there is no rendition, whatever the variant', () => {
    const kept = anAsset({ renditions: [aRendition({ outcome: 'kept', path: null, sha256: null, bytes: null })] });
    expect(shelvings(kept, 'compressed')).toMatchObject([{ target: { kind: 'original' } }]);
  });
});

describe('originalsAreArchived', () => {
  it('asks every file of the asset', () => {
    const archived = aFile({ archivedPath: 'sorted/2021/05/03/IMG_1.JPG' });
    expect(originalsAreArchived(anAsset({ files: [archived] }))).toBe(true);
    expect(originalsAreArchived(anAsset({ files: [archived, aFile({ id: 'video' })] }))).toBe(false);
  });
});
