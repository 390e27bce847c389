import type { AccountStatus, CodeRequest } from '@media-pipeline/icloud';
import { accountAdvice, accountFacts, beginning, needsAttention, type ICloudSettings } from './account-words';
import { codeRequestWords, laterWords, signedInWords } from './sign-in-words';
import { clockTime, fromNow } from './time';

const now = new Date(2026, 10, 22, 14, 0);
const later = (minutes: number): Date => new Date(now.getTime() + minutes * 60_000);
const days = (count: number): Date => later(count * 24 * 60);
const settings: ICloudSettings = { enabled: true, username: 'anna@example.com', hasPassword: true, sessionFile: '/library/.media-pipeline/icloud-session.json' };
const request: CodeRequest = { since: later(-3), expiresAt: later(12), via: 'trusted_device', phone: null, phones: [{ id: 1, number: '•••• 45' }], wrongTries: 0 };
const status = (changes: Partial<AccountStatus> = {}): AccountStatus => ({
  username: 'anna@example.com',
  state: 'signed_in',
  since: days(-10),
  lastChecked: later(-12),
  trustedUntil: days(50),
  warn: false,
  pending: null,
  signInsLately: 0,
  nextSignInAt: null,
  refusedPassword: false,
  refusal: null,
  encrypted: true,
  ...changes,
});
const text = (changes: Partial<AccountStatus>): string => accountFacts(status(changes), settings, now).map(([what, how]) => `${what}: ${how}`).join('\n');

describe('the words about an account', () => {
  it('tell who is signed in, since when, and until about when', () => {
    expect(text({})).toBe(`Apple ID: anna@example.com
session: signed in since 2026-11-12 14:00, asked Apple 12 minutes ago
trust: until about 2027-01-11, in 50 days (a guess: Apple does not tell, users see about two months)
kept in: /library/.media-pipeline/icloud-session.json, encrypted with SECRETS_KEY`);
    expect(needsAttention(status())).toBe(false);
    expect(accountAdvice(status(), settings, now)).toEqual([]);
  });

  it('warn before the trust ends, and say when it should have', () => {
    expect(accountAdvice(status({ warn: true, trustedUntil: days(9) }), settings, now)).toEqual([expect.stringContaining('The trust ends soon')]);
    expect(needsAttention(status({ warn: true }))).toBe(true);
    expect(text({ trustedUntil: days(-2) })).toContain('ran out about 2026-11-20');
  });

  it('show the code that is asked for, and what to do about it', () => {
    expect(text({ state: 'code_needed', pending: request })).toContain(`code: Apple shows a six-digit code on your trusted devices (iPhone, iPad, Mac), asked for at 13:57; it counts until about 14:12.`);
    expect(accountAdvice(status({ state: 'code_needed', pending: request }), settings, now)[0]).toContain('icloud code 123456');
    const old = { ...request, expiresAt: later(-1), wrongTries: 2 };
    expect(codeRequestWords(old, now)).toMatch(/it ran out at about 13:59\. 2 wrong tries so far\.$/);
    expect(accountAdvice(status({ state: 'code_needed', pending: old }), settings, now)[0]).toContain('has run out');
    expect(codeRequestWords({ ...request, via: 'sms', phone: '•••• 45' }, now)).toContain('by SMS to •••• 45');
    expect(laterWords(request, now).join('\n')).toContain('docker compose run --rm cli icloud login');
  });

  it('name every reason why nothing happens', () => {
    const all = (changes: Partial<AccountStatus>, of = settings): string => accountAdvice(status(changes), of, now).join('\n');
    expect(all({ state: 'never' })).toBe('Sign in: `media-pipeline icloud login`.');
    expect(all({ state: 'signed_out', refusedPassword: true })).toMatch(/^Apple refused the password/);
    const locked = { state: 'signed_out', refusal: { code: 'ICLOUD_ACCOUNT_LOCKED', message: 'the account is locked', at: later(-5) } } as const;
    expect(all(locked)).toMatch(/^ICLOUD_ACCOUNT_LOCKED: .*iforgot\.apple\.com/);
    expect(text(locked)).toContain('refused: ICLOUD_ACCOUNT_LOCKED: the account is locked, 5 minutes ago');
    expect(all({ state: 'signed_out', nextSignInAt: later(40) })).toContain('before 14:40 (in 40 minutes)');
    expect(all({ state: 'consent_needed' })).toContain('on your iPhone');
    expect(all({}, { ...settings, enabled: false })).toContain('ENABLE_ICLOUD_DOWNLOAD=true');
    expect(all({}, { ...settings, hasPassword: false })).toContain('ICLOUD_PASSWORD is not set');
    expect(text({ encrypted: false })).toContain('not encrypted (SECRETS_KEY encrypts it)');
    expect(text({ signInsLately: 2 })).toContain('2 with the password in the last day');
    expect(text({ state: 'never', since: null, lastChecked: null, trustedUntil: null })).toBe('Apple ID: anna@example.com\nsession: never signed in here');
  });

  it('tell how to begin', () => {
    const steps = beginning({ ...settings, enabled: false, username: null }).join('\n');
    for (const word of ['ICLOUD_USERNAME', 'ENABLE_ICLOUD_DOWNLOAD=true', 'icloud login', '--icloud-demo', 'Access iCloud Data on the Web']) expect(steps).toContain(word);
  });

  it('say that the next code is due at a guess', () => {
    expect(signedInWords('anna@example.com', days(60), now)).toBe('Signed in to iCloud as anna@example.com. The next code is due about 2027-01-21, in 60 days (a guess: Apple does not tell, users see about two months).');
    expect(signedInWords('anna@example.com', null, now)).toBe('Signed in to iCloud as anna@example.com.');
  });
});

it.each([
  [30, 'within a minute'],
  [-30, 'just now'],
  [60, 'in 1 minute'],
  [-61, '1 minute ago'],
  [2 * 86_400 - 1, 'in 48 hours'],
  [3_600, 'in 60 minutes'],
  [7_200, 'in 2 hours'],
  [-86_400, '24 hours ago'],
  [2 * 86_400, 'in 2 days'],
])('%d seconds from now is %s', (seconds, words) => {
  expect(fromNow(new Date(now.getTime() + seconds * 1000), now)).toBe(words);
  expect(clockTime(now)).toBe('14:00');
});
