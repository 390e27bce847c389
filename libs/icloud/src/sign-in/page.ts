import { randomUUID } from 'node:crypto';
import { PipelineError } from '@media-pipeline/contracts';
import type { Answer } from '../http/answer';
import type { Cookie } from '../http/cookies';
import { withSignIn } from '../session/budget';
import { admitPassword } from './gate';
import { readComplete } from './password';
import type { Wire } from './wire';

/** An answer that Apple gave to its own page. */
export type PageAnswer = Pick<Answer, 'status' | 'headers' | 'json'> & { readonly url: string };

/** What came of a page whose sign-in was filled in. */
export interface PageAttempt {
  readonly shows: 'content' | 'code' | 'sign_in';
  /** Those of the identity service, the oldest first. */
  readonly answers: readonly PageAnswer[];
  /** All that the browser has now. */
  readonly cookies: readonly Cookie[];
}

/** Gives name and password to a page that asks for them, once. */
export type FillIn = (username: string, password: string, signal: AbortSignal | undefined) => Promise<PageAttempt>;

/**
 * Has a page sign in, and takes over what it got: tokens and cookies are those of the session from now on. Whether the password was right is
 * read from Apple's answers, as for our own sign-in: words of a page are in somebody's language.
 * @param own picks the cookies that are Apple's
 * @throws ICLOUD_PASSWORD_WRONG, ICLOUD_SECURITY_KEYS, ICLOUD_ACCOUNT_LOCKED, ICLOUD_SIGN_IN_LIMIT, ICLOUD_ANSWER_UNKNOWN, ICLOUD_PAGE_UNKNOWN
 */
export async function signInOnPage(wire: Wire, password: string, fillIn: FillIn, own: (cookies: readonly Cookie[]) => readonly Cookie[]): Promise<'content' | 'code'> {
  const { clock, save, log, session, signal, endpoints } = wire.tools;
  const admitted = await admitPassword(wire.document, password, 'service', clock.now());
  wire.update({ signIns: withSignIn(wire.document.signIns, clock.now()) });
  await save();
  log.info({ lately: wire.document.signIns.length }, "signing in on Apple's page with the password");
  const { shows, answers, cookies } = await fillIn(wire.document.username, admitted, signal);

  const heard = answers.filter(({ url }) => url.startsWith(`${endpoints.auth}/`)).map((answer) => ({ ...answer, setCookies: [], text: '' }));
  const completed = heard.findLast(({ url }) => new URL(url).pathname.endsWith('/signin/complete'));
  if (completed && readComplete(completed) === 'wrong_password') throw new PipelineError('ICLOUD_PASSWORD_WRONG', "Apple's page does not accept this user name and password");
  if (shows === 'sign_in') throw new PipelineError('ICLOUD_PAGE_UNKNOWN', completed ? 'the page asks to sign in although Apple took the password' : 'the page asks to sign in, and takes no password in a way that this version knows');

  for (const answer of heard) await session.absorb(answer, answer.url);
  await session.cookies.put(own(cookies));
  wire.update({ refusedPassword: null, refusal: null, pending: null, quietUntil: null, ...(shows === 'content' && { login: randomUUID() }) });
  return shows;
}
