import type { CodeRequest } from '@media-pipeline/icloud';
import { clockTime, dayAndTime, fromNow } from './time';

/** Nobody outside Apple knows how long a trusted session lasts; users see about two months. */
export const trustIsGuessed = 'a guess: Apple does not tell, users see about two months';

export const signedInWords = (username: string, trustedUntil: Date | null, now: Date): string =>
  `Signed in to iCloud as ${username}.${trustedUntil === null ? '' : ` The next code is due about ${dayAndTime(trustedUntil).slice(0, 10)}, ${fromNow(trustedUntil, now)} (${trustIsGuessed}).`}`;

/** Where the code can be read, and for how long it counts. */
export function codeRequestWords({ via, phone, since, expiresAt, wrongTries }: CodeRequest, now: Date): string {
  const where = via === 'sms' ? `Apple sent a code by SMS to ${phone ?? 'your phone'}` : 'Apple shows a six-digit code on your trusted devices (iPhone, iPad, Mac)';
  const life = expiresAt > now ? `it counts until about ${clockTime(expiresAt)}` : `it ran out at about ${clockTime(expiresAt)}`;
  const tries = wrongTries === 0 ? '' : ` ${wrongTries} wrong ${wrongTries === 1 ? 'try' : 'tries'} so far.`;
  return `${where}, asked for at ${clockTime(since)}; ${life}.${tries}`;
}

export const codePrompt = 'Code (or: sms, again, later): ';
export const codeHelp = 'sms sends it to a phone · again asks for a new one · later (or just Enter) leaves it for `media-pipeline icloud code 123456`';

export const againWarning = 'Another push makes the code that is on its way worthless. If a device shows one, type that instead. Ask for a new one? [y/N] ';
export const tooLateQuestion = 'Apple no longer waits for that code. Ask for a new one? [y/N] ';
export const smsWarning = 'An SMS makes the code on your devices worthless.';

/** The phones as a numbered list, as Apple masks them. */
export const phoneList = (phones: CodeRequest['phones']): string => phones.map(({ number }, index) => `  ${index + 1}  ${number}`).join('\n');

/** What to do where nobody can be asked. `command` is how the media-pipeline is called there. */
export const laterWords = (request: CodeRequest, now: Date): string[] => [
  codeRequestWords(request, now),
  'Give it with `media-pipeline icloud code 123456`, or at a terminal with `media-pipeline icloud login` (in containers: `docker compose run --rm cli icloud login`).',
];

export const consentWords = 'Advanced Data Protection is on: your iPhone asks whether iCloud data may be used on the web. Answer it there; this waits (Ctrl-C ends it).';
export const termsQuestion = 'Apple wants its new terms accepted (they are at www.icloud.com). Do you accept them? [y/N] ';

export const consentUnattended = 'Advanced Data Protection is on: answer the question on your iPhone ("Allow access to iCloud data on the web"), then `media-pipeline icloud login`.';
