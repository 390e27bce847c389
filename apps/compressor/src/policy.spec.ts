import { readFileSync } from 'node:fs';
import path from 'node:path';
import { imageTraits, type MediaType } from '@media-pipeline/media';
import type { LibraryPath } from '@media-pipeline/contracts';
import { keepCodes } from './keep-code';
import { allOff, keptByTrait, keptByType, stillHolds } from './policy';
import { recipeOf, renditionPath } from './recipe';

const all = { compression: true, imageCompression: true, videoCompression: true };
const type = (format: MediaType['format'], family: MediaType['family']): MediaType => ({ format, family, mime: '', extension: '' });
const [jpeg, mov, dng] = [type('jpeg', 'image'), type('mov', 'video'), type('dng', 'image')];

describe('keptByType', () => {
  it('lets treatable types through', () => {
    expect(keptByType(jpeg, all, 0, null)).toBeNull();
    expect(keptByType(mov, all, 5, 6)).toBeNull();
  });

  it('obeys each switch', () => {
    expect(keptByType(jpeg, { ...all, compression: false }, 0, null)?.code).toBe('COMPRESSION_OFF');
    expect(keptByType(jpeg, { ...all, imageCompression: false }, 0, null)?.reason).toContain('ENABLE_IMAGE_COMPRESSION');
    expect(keptByType(mov, { ...all, imageCompression: false }, 0, null)).toBeNull();
    expect(keptByType(mov, { ...all, videoCompression: false }, 0, null)?.reason).toContain('ENABLE_VIDEO_COMPRESSION');
    expect([allOff(all), allOff({ ...all, compression: false }), allOff({ compression: true, imageCompression: false, videoCompression: false })]).toEqual([false, true, true]);
  });

  it('never touches RAW, and stops at the limit of the run', () => {
    expect(keptByType(dng, all, 9, 9)?.code).toBe('RAW');
    expect(keptByType(jpeg, all, 9, 9)?.code).toBe('RUN_LIMIT');
  });
});

describe('keptByTrait', () => {
  it('leaves alone what is named, and nothing else', () => {
    expect(keptByTrait(new Set(['screenshot', 'burst']), ['spatial', 'burst'])?.code).toBe('BURST');
    expect(keptByTrait(new Set(['screenshot']), [])).toBeNull();
    expect(imageTraits.map((trait) => keptByTrait(new Set([trait]), imageTraits)?.code)).toEqual(['SCREENSHOT', 'SPATIAL', 'HDR_GAIN_MAP', 'DEPTH', 'MOTION_PHOTO', 'BURST', 'EDITED']);
  });
});

describe('docs/COMPRESSION.md', () => {
  const rows = [...readFileSync(path.resolve(__dirname, '../../../docs/COMPRESSION.md'), 'utf8').matchAll(/^\| `([A-Z_]+)` \|.*\| (yes|no) \|$/gm)];

  it('has a row for each code, in order, and says which decisions are taken anew', () => {
    expect(rows.map(([, code]) => code)).toEqual(Object.keys(keepCodes).sort());
    for (const [, code = '', again] of rows) expect([code, again]).toEqual([code, stillHolds('kept', code) ? 'no' : 'yes']);
  });
});

describe('stillHolds', () => {
  it('remembers what the file decided, not what the moment did', () => {
    expect(stillHolds('compressed', null)).toBe(true);
    const remembered = (Object.keys(keepCodes) as (keyof typeof keepCodes)[]).filter((code) => stillHolds('kept', code));
    expect(remembered).toContain('NOT_SMALLER');
    for (const code of ['COMPRESSION_OFF', 'RUN_LIMIT', 'ENCODER_MISSING', 'ENCODER_FAILED'] as const) expect(remembered).not.toContain(code);
  });
});

describe('recipeOf', () => {
  const settings = { jpegQuality: 85, qualityScore: 0.9965, minSaving: 0.1, graft: { jpeg: true, heic: true, video: true }, keep: [], videoCrf: 28, videoEncoder: 'x265' as const, videoPreset: 'medium', resizePercentage: 100, videoResolution: null, maxMegapixels: 200 };

  it('changes with what changes the bytes, and with nothing else', () => {
    expect(recipeOf('image', { ...settings, jpegQuality: 80 })).not.toBe(recipeOf('image', settings));
    expect(recipeOf('image', { ...settings, videoCrf: 20, maxMegapixels: 1, qualityScore: 0.99 })).toBe(recipeOf('image', settings));
    expect(recipeOf('image', { ...settings, jpegQuality: null, qualityScore: 0.99 })).not.toBe(recipeOf('image', { ...settings, jpegQuality: null }));
    expect(recipeOf('video', { ...settings, videoCrf: 20 })).not.toBe(recipeOf('video', settings));
  });

  it('puts renditions beside their originals by name', () => {
    expect(renditionPath('originals/2021/a b.jpg' as LibraryPath)).toBe('compressed/2021/a b.jpg');
  });
});
