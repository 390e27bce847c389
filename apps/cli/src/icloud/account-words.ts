import { errorCatalogue } from '@media-pipeline/contracts';
import type { AccountStatus } from '@media-pipeline/icloud';
import { trustIsGuessed, codeRequestWords } from './sign-in-words';
import { clockTime, dayAndTime, fromNow } from './time';

/** What of the settings decides whether iCloud is read at all. */
export interface ICloudSettings {
  readonly enabled: boolean;
  readonly username: string | null;
  readonly hasPassword: boolean;
  readonly sessionFile: string;
}

/** One line of a table of two columns. */
export type Fact = readonly [what: string, how: string];

/** How to begin, for somebody who has set nothing yet. */
export const beginning = ({ enabled, username }: ICloudSettings): string[] => [
  'iCloud is not set up. To begin:',
  `  1. In settings.env: ${username === null ? 'ICLOUD_USERNAME=your Apple ID' : `ICLOUD_USERNAME=${username} (done)`}, ENABLE_ICLOUD_DOWNLOAD=true${enabled ? ' (done)' : ''}.`,
  '     The password is asked for; a service that signs in by itself has it in a file named ICLOUD_PASSWORD in SECRETS_DIR, beside SECRETS_KEY.',
  '  2. On the iPhone: Settings, your name, iCloud, "Access iCloud Data on the Web" on.',
  '  3. media-pipeline icloud login     asks for the code that your devices show',
  '  4. media-pipeline run              or `up`: reads the library, again and again',
  'To look at it without an account: npm start -- --icloud-demo',
];

/** How the session stands, in words. */
export const stateWords: Readonly<Record<AccountStatus['state'], string>> = {
  never: 'never signed in here',
  signed_in: 'signed in',
  code_needed: 'Apple wants a code',
  consent_needed: 'waiting for the question on your iPhone to be answered (Advanced Data Protection)',
  signed_out: 'signed out',
};

function trustWords({ trustedUntil, state }: AccountStatus, now: Date): Fact[] {
  if (trustedUntil === null || state === 'never') return [];
  const day = dayAndTime(trustedUntil).slice(0, 10);
  return [['trust', trustedUntil > now ? `until about ${day}, ${fromNow(trustedUntil, now)} (${trustIsGuessed})` : `ran out about ${day} (${trustIsGuessed}): a code may be asked for at any time`]];
}

/** Who is signed in, for how long, and what is on its way. */
export function accountFacts(status: AccountStatus, { sessionFile }: Pick<ICloudSettings, 'sessionFile'>, now: Date): Fact[] {
  const since = status.since === null || status.state === 'never' ? '' : ` since ${dayAndTime(status.since)}`;
  const checked = status.lastChecked === null ? '' : `, asked Apple ${fromNow(status.lastChecked, now)}`;
  return [
    ['Apple ID', status.username],
    ['session', `${stateWords[status.state]}${since}${checked}`],
    ...trustWords(status, now),
    ...(status.state === 'never' ? [] : [['kept in', `${sessionFile}${status.encrypted ? ', encrypted with SECRETS_KEY' : ', readable for its owner alone, not encrypted (SECRETS_KEY encrypts it)'}`] as const]),
    ...(status.pending === null ? [] : [['code', codeRequestWords(status.pending, now)] as const]),
    ...(status.refusal === null ? [] : [['refused', `${status.refusal.code}: ${status.refusal.message}, ${fromNow(status.refusal.at, now)}`] as const]),
    ...(status.signInsLately === 0 ? [] : [['sign-ins', `${status.signInsLately} with the password in the last day`] as const]),
  ];
}

/** True when a person should do something before the pipeline can go on, or will have to soon. */
export const needsAttention = (status: AccountStatus): boolean => status.warn || status.state !== 'signed_in' || status.refusedPassword;

/** What to do next, the most pressing first; empty when all is well. */
export function accountAdvice(status: AccountStatus, settings: ICloudSettings, now: Date): string[] {
  const advice: string[] = [];
  if (status.refusal !== null && status.refusal.code !== 'ICLOUD_PASSWORD_WRONG') advice.push(`${status.refusal.code}: ${errorCatalogue[status.refusal.code].advice}`);
  if (status.refusedPassword) advice.push('Apple refused the password: correct ICLOUD_PASSWORD, then `media-pipeline icloud login`. It is not tried again until it changes.');
  if (status.nextSignInAt !== null && status.nextSignInAt > now) advice.push(`No sign-in with the password before ${clockTime(status.nextSignInAt)} (${fromNow(status.nextSignInAt, now)}): more of them might get the account locked.`);
  advice.push(...stateAdvice(status, now));
  if (status.state === 'signed_in' && status.warn) advice.push('The trust ends soon. `media-pipeline icloud logout`, then `media-pipeline icloud login`, renews it while you have your devices at hand; else a code is asked for when it ends.');
  if (!settings.enabled) advice.push('iCloud is not read: set ENABLE_ICLOUD_DOWNLOAD=true.');
  if (status.state === 'signed_in' && !settings.hasPassword) advice.push('ICLOUD_PASSWORD is not set: when the session ends, somebody has to sign in again by hand.');
  return advice;
}

function stateAdvice({ state, pending, refusedPassword, refusal }: AccountStatus, now: Date): string[] {
  switch (state) {
    case 'signed_in':
      return [];
    case 'code_needed':
      if (pending !== null && pending.expiresAt > now) return ['Give the code: `media-pipeline icloud code 123456`, or `media-pipeline icloud login` (which can also send it by SMS).'];
      return ['The code that was asked for has run out. `media-pipeline icloud login` asks for a new one.'];
    case 'consent_needed':
      return ['Answer the question on your iPhone ("Allow access to iCloud data on the web"), then `media-pipeline icloud login`.'];
    case 'never':
    case 'signed_out':
      return refusedPassword || refusal !== null ? [] : ['Sign in: `media-pipeline icloud login`.'];
  }
}
