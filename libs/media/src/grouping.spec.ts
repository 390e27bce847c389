import fc from 'fast-check';
import { groupFiles, livePhotoCandidates, type GroupableFile } from './grouping';
import { imageType, videoType } from './types';

const types = {
  heic: imageType('heic', 'image/heic', 'heic'),
  jpg: imageType('jpeg', 'image/jpeg', 'jpg'),
  mov: videoType('mov', 'video/quicktime', 'mov'),
  dng: imageType('dng', 'image/x-adobe-dng', 'dng'),
  nef: imageType('raw', 'image/x-nef', 'nef'),
};
const file = (path: string): GroupableFile => {
  const type = types[path.split('.').at(-1)?.toLowerCase() as keyof typeof types];
  return { path, type };
};
const group = (...paths: string[]): string[] => {
  const files = paths.map(file);
  return groupFiles(files, livePhotoCandidates(files)).map(({ kind, files: members }) => `${kind}: ${members.map((member) => `${member.file.path} ${member.role}`).join(', ')}`);
};

describe('groupFiles', () => {
  it('pairs a Live Photo by name, whatever the case', () => {
    expect(group('a/IMG_1.HEIC', 'a/img_1.mov')).toEqual(['live_photo: a/IMG_1.HEIC primary, a/img_1.mov live_video']);
    expect(group('IMG_1.HEIC', 'IMG_1_HEVC.MOV')).toEqual(['live_photo: IMG_1.HEIC primary, IMG_1_HEVC.MOV live_video']);
  });

  it('pairs only within a folder', () => {
    expect(group('a/IMG_1.HEIC', 'b/IMG_1.MOV')).toEqual(['photo: a/IMG_1.HEIC primary', 'video: b/IMG_1.MOV primary']);
  });

  it('leaves a pair apart that is not confirmed', () => {
    expect(groupFiles([file('IMG_1.HEIC'), file('IMG_1.MOV')], []).map(({ kind }) => kind)).toEqual(['photo', 'video']);
  });

  it('gives a video to one image only, the HEIC before the JPEG', () => {
    expect(group('IMG_1.JPG', 'IMG_1.HEIC', 'IMG_1.MOV')).toEqual(['photo: IMG_1.JPG primary', 'live_photo: IMG_1.HEIC primary, IMG_1.MOV live_video']);
  });

  it('puts a RAW with its JPEG, and leaves one alone that has none', () => {
    expect(group('DSC_1.NEF', 'DSC_1.JPG', 'DSC_2.NEF')).toEqual(['raw_jpeg: DSC_1.JPG primary, DSC_1.NEF raw', 'photo: DSC_2.NEF primary']);
  });

  it('compares names without Unicode form', () => {
    expect(group('Cafe\u0301.HEIC', 'Caf\u00e9.MOV')).toHaveLength(1);
  });

  it('puts every file in exactly one group', () => {
    const names = fc.array(fc.tuple(fc.constantFrom('', 'x/'), fc.constantFrom('a', 'A', 'a_HEVC', 'b'), fc.constantFrom('heic', 'jpg', 'mov', 'dng', 'nef', 'MOV')), { maxLength: 12 });
    fc.assert(
      fc.property(names, (parts) => {
        const files = [...new Set(parts.map(([folder, stem, extension]) => `${folder}${stem}.${extension}`))].map(file);
        const members = groupFiles(files, livePhotoCandidates(files)).flatMap((each) => each.files.map((member) => member.file));
        expect(members).toHaveLength(files.length);
        expect(new Set(members)).toEqual(new Set(files));
      }),
    );
  });
});
