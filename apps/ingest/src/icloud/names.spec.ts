import { Library } from '@media-pipeline/files';
import { arrivalOf } from './arrival';
import { modifiedAtOf, monthOf, takenAtOf } from './dates';
import { aCloudAsset, aResource } from './e2e/records';
import { namedResources } from './names';

const named = (...given: Parameters<typeof aCloudAsset>): string[] => namedResources(aCloudAsset(...given)).map(({ role, name }) => `${role} ${name}`);

describe('names', () => {
  it('keep the files of an asset together', () => {
    const resources = [
      aResource('original'),
      aResource('live_video', { type: 'com.apple.quicktime-movie' }),
      aResource('edited', { type: 'public.jpeg' }),
      aResource('edited_video', { type: 'com.apple.quicktime-movie' }),
      aResource('sidecar', { type: 'com.apple.photos.apple-adjustment-envelope' }),
    ];
    expect(named({ filename: 'IMG_1.HEIC', resources })).toEqual(['primary IMG_1.HEIC', 'live_video IMG_1.MOV', 'edited IMG_1-edited.JPG', 'edited_video IMG_1-edited.MOV', 'sidecar IMG_1.AAE']);
  });

  it('tell RAW from JPEG, whichever is the original', () => {
    const [raw, jpeg] = ['com.adobe.raw-image', 'public.jpeg'] as const;
    expect(named({ filename: 'IMG_1.JPG', kind: 'raw_jpeg', resources: [aResource('original', { type: jpeg }), aResource('alternative', { type: raw })] })).toEqual(['primary IMG_1.JPG', 'raw IMG_1.DNG']);
    expect(named({ filename: 'IMG_1.DNG', kind: 'raw_jpeg', resources: [aResource('original', { type: raw }), aResource('alternative', { type: jpeg })] })).toEqual(['primary IMG_1.JPG', 'raw IMG_1.DNG']);
  });

  it('differ within an asset, and have an extension whatever the type', () => {
    expect(named({ filename: 'a.JPG', resources: [aResource('original', { type: 'public.jpeg' }), aResource('alternative', { type: 'public.jpeg' })] })).toEqual(['primary a.JPG', 'raw a-alternative.JPG']);
    expect(named({ filename: 'a', resources: [aResource('original'), aResource('live_video', { type: 'com.example.new' }), aResource('edited', { type: '' })] })).toEqual(['primary a', 'live_video a.MOV', 'edited a-edited.JPG']);
    expect(named({ filename: '.hidden', resources: [aResource('original'), aResource('edited', { type: 'public.png' })] })).toEqual(['primary .hidden', 'edited .hidden-edited.PNG']);
  });
});

describe('dates', () => {
  const at = (takenAt: string | null, timeZoneOffsetSeconds: number | null = null, addedAt: string | null = null) => ({ takenAt: takenAt === null ? null : new Date(takenAt), timeZoneOffsetSeconds, addedAt: addedAt === null ? null : new Date(addedAt) });

  it.each([
    [at('2021-05-03T22:30:00Z', 7200), '2021-05-04T00:30:00+02:00', ['2021', '05']],
    [at('2021-01-01T02:00:00.500Z', -12_600), '2020-12-31T22:30:00-03:30', ['2020', '12']],
    [at('2021-05-03T22:30:00Z', 0), '2021-05-03T22:30:00+00:00', ['2021', '05']],
    [at('2021-05-03T22:30:00Z'), '2021-05-03T22:30:00Z', ['2021', '05']],
    [at('1890-05-03T22:30:00Z', 1172), '1890-05-03T22:50:00+00:20', ['1890', '05']],
    [at(null, 7200, '2021-05-03T22:30:00Z'), null, ['2021', '05']],
    [at(null), null, ['undated']],
    [at('+012345-01-01T00:00:00Z'), null, ['undated']],
  ])('of %j', (dated, text, month) => {
    expect(takenAtOf(dated)).toBe(text);
    expect(monthOf(dated)).toEqual(month);
  });

  it('of the file are those of the picture, else of its coming', () => {
    expect(modifiedAtOf(at('2021-05-03T22:30:00Z', 7200))?.toISOString()).toBe('2021-05-03T22:30:00.000Z');
    expect(modifiedAtOf(at(null, null, '2021-05-04T00:00:00Z'))?.toISOString()).toBe('2021-05-04T00:00:00.000Z');
    expect(modifiedAtOf(at(null))).toBeNull();
  });
});

describe('what is written down', () => {
  const library = Library.at('/library');
  const taken = (...roles: Parameters<typeof aResource>[0][]) => {
    const asset = aCloudAsset({ kind: 'live_photo', filename: 'a/b.HEIC', resources: (['original', 'live_video', 'edited', 'edited_video', 'sidecar'] as const).map((role) => aResource(role)) });
    return arrivalOf(library, asset, asset.resources.filter(({ role }) => roles.includes(role)).map((resource) => ({ resource, instead: resource.role === 'original' ? 'before' : null })));
  };

  it('is the whole asset, or what a part of it is by itself', () => {
    expect(taken('original', 'live_video').kind).toBe('live_photo');
    expect(taken('edited').kind).toBe('photo');
    expect(taken('edited_video').kind).toBe('video');
    expect(taken('edited', 'edited_video', 'sidecar').kind).toBe('live_photo');
    expect(taken('sidecar').kind).toBe('photo');
  });

  it('has its place, its record and its version', () => {
    expect(taken('original')).toMatchObject({
      source: 'icloud',
      sourceKey: 'PrimarySync/a/b.HEIC',
      sourceRecord: 'PrimarySync/A',
      takenAt: '2021-05-03T14:03:01+02:00',
      files: [{ role: 'primary', filename: 'a/b.HEIC', path: 'originals/icloud/2021/05/a_b.HEIC', sourcePath: 'icloud:PrimarySync/A/resOriginal', fingerprint: '10:AQ==:before', bytes: 10 }],
    });
    const shared = aCloudAsset({ zone: { name: 'SharedSync-1', owner: '_x', database: 'shared', shared: true } });
    expect(arrivalOf(library, shared, [{ resource: aResource('original'), instead: null }]).files[0]?.path).toBe('originals/icloud-shared/2021/05/IMG_1.HEIC');
  });
});
