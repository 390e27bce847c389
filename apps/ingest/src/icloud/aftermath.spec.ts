import { errorCatalogue, PipelineError, type ErrorCode } from '@media-pipeline/contracts';
import { aftermath } from './aftermath';
import { tokenFor, wantedOf } from './filter';
import { describeCount, describeServerCount, differenceOf, Tally } from './tally';

const codes = Object.keys(errorCatalogue) as ErrorCode[];
const after = (code: ErrorCode, ends: boolean, fruitless = 1, nextSignInAt: Date | null = null) => aftermath(new PipelineError(code, 'because'), { ends, fruitless, nextSignInAt, now: 0 });

describe('a reading that broke off', () => {
  it('is left to the bus when it was not iCloud', () => {
    for (const code of codes.filter((one) => !one.startsWith('ICLOUD_'))) expect(after(code, false)).toBeNull();
  });

  it.each(codes.filter((code) => code.startsWith('ICLOUD_') && errorCatalogue[code].kind === 'configuration'))('waits for a person: %s', (code) => {
    expect(after(code, false)).toEqual({ kind: 'skip', reason: 'because', emits: [] });
    expect(after(code, true)).toEqual({ kind: 'dead', code, reason: 'because' });
  });

  it.each(codes.filter((code) => code.startsWith('ICLOUD_') && errorCatalogue[code].kind === 'environment'))('is tried again: %s', (code) => {
    const waits = [1, 2, 3, 4, 50].map((fruitless) => after(code, false, fruitless)).map((outcome) => (outcome?.kind === 'retry' ? outcome.afterMs : 0));
    expect(waits.every((wait, at) => wait >= 60_000 && wait >= (waits[at - 1] ?? 0) && wait <= 3_600_000)).toBe(true);
    expect(after(code, true, 4)).toMatchObject({ kind: 'retry', afterMs: 30_000 });
    expect(after(code, true, 5)).toMatchObject({ kind: 'dead', code });
  });

  it('waits as long as Apple said; a run that ends does not', () => {
    const later = new Date(3 * 3_600_000);
    expect(after('ICLOUD_SIGN_IN_LIMIT', false, 1, later)).toMatchObject({ afterMs: 3 * 3_600_000 });
    expect(after('ICLOUD_RATE_LIMITED', false, 1, later)).toMatchObject({ afterMs: 3 * 3_600_000 });
    expect(after('ICLOUD_SIGN_IN_LIMIT', true, 1, later)).toMatchObject({ kind: 'dead' });
  });
});

describe('the count', () => {
  it('adds up', () => {
    const tally = new Tally();
    tally.verdict({ kind: 'take', takings: [], returned: [] });
    tally.verdict({ kind: 'here', revive: [], returned: [] });
    tally.verdict({ kind: 'skip', why: 'hidden' });
    tally.skip('not_recent', 3);
    tally.skip('kind', 0);
    tally.refuse(['a', 'b']);
    expect(tally.count()).toEqual({ listed: 8, taken: 1, here: 1, skipped: { hidden: 1, not_recent: 3 }, refused: 2 });
    expect(describeCount(tally.count())).toBe('8 listed = 1 new + 1 here already + 4 left out (1 hidden, 3 older than the ICLOUD_RECENT newest) + 2 refused by iCloud');
  });

  it('of a second listing counts what the first one took as taken', () => {
    const tally = new Tally();
    for (let n = 0; n < 5; n++) tally.verdict({ kind: 'here', revive: [], returned: [] });
    tally.following({ listed: 4, taken: 4, here: 0, skipped: {}, refused: 0 });
    expect(tally.count()).toMatchObject({ listed: 5, taken: 4, here: 1 });
  });

  it.each([
    [{ listed: 500, refused: 0 }, { before: 500, after: 500 }, 0],
    [{ listed: 499, refused: 0 }, { before: 500, after: 500 }, -1],
    [{ listed: 501, refused: 0 }, { before: 500, after: 500 }, 1],
    [{ listed: 502, refused: 2 }, { before: 500, after: 500 }, 0],
    [{ listed: 500, refused: 2 }, { before: 500, after: 500 }, 0],
    [{ listed: 503, refused: 0 }, { before: 500, after: 505 }, 0],
    [{ listed: 503, refused: 0 }, { before: 505, after: 500 }, 0],
    [{ listed: 3, refused: 0 }, { before: null, after: 500 }, 0],
  ])('%j against %j differs by %d', (count, server, difference) => {
    expect(differenceOf(count, server)).toBe(difference);
    expect(describeServerCount(difference, server)).toMatch(difference < 0 ? /were not listed$/ : difference > 0 ? /more were listed$/ : /^(; iCloud counts [^:]*)?$/);
  });
});

describe('the token', () => {
  const filter = { since: null, until: null, recent: null, albums: [], kinds: [], shared: true };
  const wanted = (changes: Partial<typeof filter> = {}, username = 'a@example.com') => wantedOf({ username, filter: { ...filter, ...changes } });
  const cursor = { source: 'icloud', scope: 'zone:PrimarySync', token: 'T', filter: wanted().print, counts: {}, updatedAt: new Date() } as const;

  it('counts while account and filter are what they were', () => {
    expect(tokenFor(cursor, wanted({}, 'A@example.com'), false)).toBe('T');
    expect(tokenFor(cursor, wanted(), true)).toBeNull();
    expect(tokenFor(null, wanted(), false)).toBeNull();
    expect(tokenFor(cursor, wanted({}, 'b@example.com'), false)).toBeNull();
    expect(tokenFor(cursor, wanted({ shared: false }), false)).toBeNull();
  });

  it('does not say what is in an album or among the newest', () => {
    const newest = wantedOf({ username: 'a', filter: { ...filter, recent: 5 } });
    expect(tokenFor({ ...cursor, filter: newest.print }, newest, false)).toBeNull();
  });
});
