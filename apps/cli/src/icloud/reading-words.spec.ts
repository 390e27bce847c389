import { readingsAdvice, readingsTable } from './reading-words';
import { noReadings, readingsOf } from './readings';

const now = new Date('2026-11-22T14:00:00Z');
const zone = { name: 'PrimarySync', owner: null, database: 'private', shared: false };
const full = { at: '2026-11-22T13:00:00Z', listed: 500, taken: 480, here: 12, skipped: { hidden: 3, before_since: 5 }, refused: 0, server: { before: 500, after: 500 }, difference: 0 };
const changes = { at: '2026-11-22T13:58:00Z', listed: 11, taken: 2, here: 1, skipped: { trashed: 1, own_upload: 7 }, refused: 0, gone: 1 };
const database = { scope: 'database', counts: { at: '2026-11-22T13:59:00Z', changed: [] } };
const signedIn = { state: 'signed_in' } as const;

describe('the readings of iCloud', () => {
  it('are told zone by zone, with every skip explained', () => {
    const readings = readingsOf([database, { scope: 'zone:PrimarySync', counts: { zone, full, changes, refused: [] } }, { scope: 'zone:SharedSync-0A1B2C3D-4E5F', counts: { zone: { ...zone, shared: true }, full: { ...full, skipped: {} }, changes: null, refused: [] } }], { hidden: 1, trashed: 2, purged: 0 });
    expect(readingsTable(readings, now)).toBe(
      [
        'zone                     read                         iCloud counts  listed  taken  already here  skipped  refused  deleted there',
        'your library             all of it, 60 minutes ago              500     500    480            12        8        0',
        'your library             what changed, 2 minutes ago                     11      2             1        8        0              1',
        'shared library 0A1B2C3D  all of it, 60 minutes ago              500     500    480            12        0        0',
        'asked what is new 1 minute ago: nothing',
        'skipped, and why:',
        '  your library: 3 hidden in iCloud',
        '  your library: 5 taken before ICLOUD_SINCE',
        '  your library: 1 deleted in iCloud',
        '  your library: 7 uploaded from here (our own uploads)',
        'no longer in iCloud: 3 (2 deleted, 0 deleted for good, 1 hidden); what is here stays: media-pipeline asset list --gone',
      ].join('\n'),
    );
    expect(readingsAdvice(readings, signedIn)).toEqual([]);
  });

  it('say when the counts differ, and what iCloud does not give out', () => {
    const counts = { zone, full: { ...full, listed: 498, difference: -2 }, changes: null, refused: ['A', 'B'] };
    const advice = readingsAdvice(readingsOf([{ scope: 'zone:PrimarySync', counts }], noReadings.gone), signedIn);
    expect(advice).toEqual([expect.stringMatching(/^ICLOUD_COUNT_MISMATCH in your library: iCloud counts 500 and lists 498.*sync --full/), expect.stringContaining('does not give out 2')]);
  });

  it('have nothing to tell at first, and say how to begin', () => {
    expect(readingsTable(noReadings, now)).toBe('Nothing has been read from iCloud yet.');
    expect(readingsAdvice(noReadings, signedIn)[0]).toContain('media-pipeline run');
    expect(readingsAdvice(noReadings, { state: 'never' })).toEqual([]);
  });

  it('of another version do no harm', () => {
    const readings = readingsOf([{ scope: 'database', counts: {} }, { scope: 'zone:PrimarySync', counts: { full: { at: 'yesterday' }, changes: { ...changes, gone: 'x' }, odd: true } }], noReadings.gone);
    expect(readings).toMatchObject({ asked: null, zones: [{ shared: false, full: null, changes: { listed: 11, gone: 0 }, refused: [] }] });
    expect(readingsTable(readings, now)).toContain('what changed');
  });
});
