import fc from 'fast-check';
import { assetStates, type LibraryPath } from '@media-pipeline/contracts';
import type { AssetWithFiles, Recompression, Rendition } from '@media-pipeline/schema';
import { askedOf, dueAgain, familyOf, isOlderThan, type AgainRule } from './due';
import { estimateBytes } from './estimate';

const image = (resizePercentage: number, more = {}): string => JSON.stringify({ recipe: 2, msSsim: 0.9965, minSaving: 0.1, resizePercentage, graft: [true, true], keep: [], ...more });
const video = (videoResolution: number | null): string => JSON.stringify({ recipe: 1, videoCrf: 26, videoPreset: 'medium', videoResolution });
const now = new Date('2026-06-15T12:00:00Z');
const rule: AgainRule = { years: 2, now, asked: { image: askedOf(image(50)), video: askedOf(video(720)) }, postponedBefore: new Date('2026-05-15T12:00:00Z') };

const asset = (changes: Partial<AssetWithFiles> = {}, file: Partial<AssetWithFiles['files'][number]> = {}, rendition: Partial<Rendition> = {}): AssetWithFiles => ({
  ...{ id: 'asset', source: 'folder', sourceKey: 'a.jpg', kind: 'photo', state: 'sorted', stateBefore: null, code: null, reason: null },
  ...{ captureDate: '2021-05-03T14:03:01+02:00', captureDateSource: 'EXIF', sourceRecord: null, takenAt: null, goneAt: null, goneHow: null, duplicateOf: null, createdAt: now, updatedAt: now },
  files: [{ id: 'file', assetId: 'asset', role: 'primary', filename: 'a.jpg', path: 'sorted/2021/05/03/a.jpg' as LibraryPath, bytes: 1000, sha256: 'aa', sourcePath: null, modifiedAt: null, archivedPath: 'sorted/2021/05/03/a.jpg' as LibraryPath, ...file }],
  renditions: [{ id: 'rendition', fileId: 'file', assetId: 'asset', sourceSha256: 'aa', outcome: 'compressed', code: null, reason: null, path: 'compressed/a.jpg' as LibraryPath, sha256: 'bb', bytes: 500, settings: image(100), proof: null, archivedPath: null, ...rendition }],
  ...changes,
});
const attempt = (changes: Partial<Recompression> = {}): Recompression => ({ id: 'r', fileId: 'file', assetId: 'asset', asked: askedOf(image(50)), state: 'kept', token: 't', code: null, reason: null, swap: null, updatedAt: now, ...changes });
const due = (...given: Parameters<typeof asset>): number => dueAgain(asset(...given), [], rule).length;

describe('dueAgain', () => {
  it('is due when it is old, at its end, with its original, and was made to ask for something else', () => {
    expect(dueAgain(asset(), [], rule)).toMatchObject([{ original: 'sorted/2021/05/03/a.jpg', family: 'image', asked: askedOf(image(50)) }]);
    expect(due({}, {}, { settings: video(1080) })).toBe(1);
    expect(due({ state: 'completed' }, { archivedPath: null, path: 'originals/a.jpg' as LibraryPath })).toBe(1);
  });

  it.each<[string, Partial<AssetWithFiles>, Partial<AssetWithFiles['files'][number]>?, Partial<Rendition>?]>([
    ['too young', { captureDate: '2024-06-16T12:00:00Z' }],
    ['of unknown age', { captureDate: null }],
    ['of a date that is none', { captureDate: 'yesterday' }],
    ['without its original', {}, { archivedPath: null, path: 'cleanup/archived/a.jpg' as LibraryPath }],
    ['with an original that was never hashed', {}, { sha256: null }],
    ['made from other bytes', {}, {}, { sourceSha256: 'cc' }],
    ['kept as it came', {}, {}, { outcome: 'kept', code: 'NOT_SMALLER', path: null, sha256: null, bytes: null }],
    ['made under these settings', {}, {}, { settings: image(50) }],
    ['made under these settings by an older version, in another manner', {}, {}, { settings: image(50, { recipe: 1, minSaving: 0.2, keep: ['burst'] }) }],
    ['of the time before recipes', {}, {}, { settings: '{}' }],
    ['of a row that cannot be read', {}, {}, { settings: 'null' }],
  ])('is not due when it is %s', (_, ...given) => expect(due(...given)).toBe(0));

  it('is not due in a family that is not compressed', () => {
    expect(dueAgain(asset(), [], { ...rule, asked: { ...rule.asked, image: null } })).toEqual([]);
  });

  it('is due once for whatever the settings ask; what was postponed, again after a while', () => {
    for (const state of ['kept', 'replaced', 'swapping'] as const) expect(dueAgain(asset(), [attempt({ state })], rule)).toEqual([]);
    expect(dueAgain(asset(), [attempt({ state: 'postponed' })], rule)).toEqual([]);
    expect(dueAgain(asset(), [attempt({ state: 'postponed', updatedAt: new Date('2026-05-01') })], rule)).toHaveLength(1);
    expect(dueAgain(asset(), [attempt({ state: 'making' })], rule)).toHaveLength(1);
    expect(dueAgain(asset(), [attempt({ asked: askedOf(image(25)) }), attempt({ fileId: 'another' })], rule)).toHaveLength(1);
  });

  it('never: an asset under way, one without its original, the same settings twice, anything younger', () => {
    const path = fc.constantFrom('originals/a.jpg', 'cleanup/a.jpg', 'compressed/a.jpg', 'sorted/2021/05/03/a.jpg') as fc.Arbitrary<LibraryPath>;
    const anyAsset = fc.record({ state: fc.constantFrom(...assetStates), captureDate: fc.option(fc.date({ min: new Date('1990-01-01'), max: new Date('2030-01-01'), noInvalidDate: true }).map((date) => date.toISOString())) });
    const anyFile = fc.record({ path, archivedPath: fc.option(fc.constant('sorted/2021/05/03/a.jpg' as LibraryPath)), sha256: fc.option(fc.constantFrom('aa', 'cc')) });
    const anySettings = fc.oneof(fc.integer({ min: 1, max: 100 }).map((percent) => image(percent)), fc.constantFrom(video(720), video(1080), video(null), '{}', '[]', 'x'));
    const anyAttempts = fc.array(fc.record({ state: fc.constantFrom<Recompression['state']>('making', 'swapping', 'replaced', 'kept', 'postponed'), asked: fc.constantFrom(askedOf(image(50)), askedOf(video(720))), updatedAt: fc.date({ min: new Date('2026-01-01'), max: now, noInvalidDate: true }) }).map(attempt), { maxLength: 1 });
    fc.assert(
      fc.property(anyAsset, anyFile, anySettings, anyAttempts, fc.integer({ min: 1, max: 30 }), (state, file, settings, attempts, years) => {
        for (const found of dueAgain(asset(state, file, { settings }), attempts, { ...rule, years })) {
          expect(['sorted', 'completed']).toContain(state.state);
          expect(found.original).toMatch(/^(sorted|originals)\//);
          expect(found.original).toBe(file.archivedPath ?? file.path);
          expect(askedOf(settings)).not.toBe(found.asked);
          expect(isOlderThan(state.captureDate, years, now)).toBe(true);
          // once it is replaced or kept it is not due any more
          for (const after of ['replaced', 'kept'] as const) expect(dueAgain(asset(state, file, { settings }), [attempt({ asked: found.asked, state: after })], { ...rule, years })).toEqual([]);
          expect(dueAgain(asset(state, file, { settings: found.family === 'image' ? image(50) : video(720) }), [], { ...rule, years })).toEqual([]);
          expect(attempts.some(({ asked, state: was }) => asked === found.asked && (was === 'replaced' || was === 'kept' || was === 'swapping'))).toBe(false);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('counts calendar years', () => {
    const at = (day: string) => isOlderThan('2020-02-29T12:00:00Z', 1, new Date(day));
    expect([at('2021-02-28T13:00:00Z'), at('2021-03-01T13:00:00Z')]).toEqual([false, true]);
    expect(isOlderThan('2024-06-15', 2, now)).toBe(true);
  });

  it('knows an image and a video by what was asked for', () => {
    expect([image(100), video(null), '{}', 'x', '[1]'].map((settings) => familyOf({ settings }))).toEqual(['image', 'video', null, null, null]);
  });
});

describe('estimateBytes', () => {
  const estimate = (...given: Parameters<typeof asset>): number | null | undefined => dueAgain(asset(...given), [], rule).map(estimateBytes)[0];
  const dimensions = (width: number, height: number): string => JSON.stringify({ version: 1, source: { sha256: 'a'.repeat(64), bytes: 9 }, result: { sha256: 'b'.repeat(64), bytes: 5 }, decoded: true, dimensions: { width, height }, metadata: { compared: 'bytes', count: 1, allowed: [] }, embedded: [], quality: { metric: 'ssim-luma', mean: 1, worst: 1 }, encoder: {} });

  it('goes by the size in pixels, and says nothing where it cannot know', () => {
    expect(estimate()).toBe(Math.round(500 * 0.5 ** 1.4));
    expect(estimate({}, { filename: 'a.HEIC' })).toBe(500);
    expect(estimate({}, {}, { settings: image(100, { msSsim: 0.998 }) })).toBeNull();
    expect(estimate({}, {}, { settings: video(1080) })).toBeNull();
    expect(estimate({}, {}, { settings: video(1080), proof: dimensions(1920, 1080) })).toBe(Math.round(500 * (720 / 1080) ** 1.5));
    expect(estimate({}, {}, { settings: video(1080), proof: dimensions(640, 480) })).toBe(500);
  });
});
