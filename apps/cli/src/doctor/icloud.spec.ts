import type { AccountStatus } from '@media-pipeline/icloud';
import { judgeSession } from './icloud';

const now = new Date(2026, 10, 22);
const settings = { enabled: true, username: 'anna@example.com', hasPassword: true, sessionFile: '/s.json' };
const status = (changes: Partial<AccountStatus>): AccountStatus => ({
  username: 'anna@example.com', state: 'signed_in', since: now, lastChecked: now, trustedUntil: new Date(2027, 0, 20), warn: false, pending: null,
  signInsLately: 0, nextSignInAt: null, refusedPassword: false, refusal: null, encrypted: true, ...changes,
});

describe('the session as doctor judges it', () => {
  it.each([
    ['ok', {}, 'trusted until about 2027-01-20, in 59 days'],
    ['warn', { warn: true, trustedUntil: new Date(2026, 11, 1) }, 'in 9 days'],
    ['warn', { state: 'never', trustedUntil: null }, 'nobody has signed in yet'],
    ['fail', { state: 'code_needed' }, 'code needed'],
    ['fail', { state: 'signed_out', refusedPassword: true }, 'signed out'],
    ['ok', { encrypted: false }, 'not encrypted (SECRETS_KEY)'],
  ] as const)('is %s for %j', (level, changes, detail) => {
    const finding = judgeSession(status(changes), settings, now);
    expect(finding.level).toBe(level);
    expect(finding.detail).toContain(detail);
    expect(finding.advice === undefined).toBe(level === 'ok');
  });
});
