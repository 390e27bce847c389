import { Cookie as StoredCookie, CookieJar } from 'tough-cookie';
import type { Answer } from './answer';

/** A cookie of the session, for a browser that is to go on with it. */
export interface Cookie {
  readonly name: string;
  readonly value: string;
  /** Without a dot before it. */
  readonly domain: string;
  /** For this very host; otherwise for all hosts below the domain, too. */
  readonly hostOnly: boolean;
  readonly path: string;
  /** Null: until the browser is closed. */
  readonly expires: Date | null;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly sameSite: 'Strict' | 'Lax' | 'None' | null;
}

/**
 * The cookies of one session. Cookies marked Secure are also sent to http://127.0.0.1 (RFC 6265bis calls loopback trustworthy), so that a
 * local stand-in for iCloud keeps its session.
 */
export class Cookies {
  private constructor(private readonly jar: CookieJar) {}

  /** @param kept what {@link keep} gave; null for an empty jar */
  static async from(kept: string | null): Promise<Cookies> {
    const jar = kept === null ? new CookieJar(undefined, options) : await CookieJar.deserialize(kept);
    return new Cookies(jar);
  }

  /** As text for the session file; cookies without an expiry date are kept too. */
  async keep(): Promise<string> {
    return JSON.stringify(await this.jar.serialize());
  }

  /** The Cookie header for a request; undefined when there is none to send. */
  async headerFor(url: string): Promise<string | undefined> {
    const header = await this.jar.getCookieString(url);
    return header === '' ? undefined : header;
  }

  /** Takes the cookies of an answer in. A cookie for a domain that is not the server's is left out. @returns whether any came */
  async take(answer: Pick<Answer, 'setCookies'>, url: string): Promise<boolean> {
    for (const cookie of answer.setCookies) await this.jar.setCookie(cookie, url, { ignoreError: true });
    return answer.setCookies.length > 0;
  }

  /** All that have not run out, at whatever host. */
  async all(nowMs: number): Promise<Cookie[]> {
    return (await this.stored()).filter((cookie) => (expiryOf(cookie) ?? Infinity) > nowMs).map(toCookie);
  }

  /** Takes in cookies that a browser was given. */
  async put(cookies: readonly Cookie[]): Promise<void> {
    for (const cookie of cookies) await this.jar.store.putCookie(toStored(cookie));
  }

  /** Whether a cookie of this name is there that has not run out, at whatever host. */
  async has(name: string, nowMs: number): Promise<boolean> {
    return (await this.all(nowMs)).some((cookie) => cookie.name === name);
  }

  /** Drops what one host has set, so that it knows us no more. */
  async forgetHost(url: string): Promise<void> {
    const host = new URL(url).hostname;
    for (const { domain, path, key } of await this.stored()) if (domain !== null && domain === host && path !== null) await this.jar.store.removeCookie(domain, path, key);
  }

  private async stored(): Promise<StoredCookie[]> {
    return await this.jar.store.getAllCookies();
  }
}

// Apple's cookies are set by its own hosts for .icloud.com and .apple.com: the public suffix list has nothing to add.
const options = { rejectPublicSuffixes: false, looseMode: true, prefixSecurity: 'silent' } as const;

/** By Max-Age or Expires; null for a cookie that lasts as long as its session. */
function expiryOf(cookie: StoredCookie): number | null {
  const time = cookie.expiryTime();
  return time === undefined || !Number.isFinite(time) ? null : time;
}

const dateOf = (time: number | null): Date | null => (time === null ? null : new Date(time));

const sameSites = ['Strict', 'Lax', 'None'] as const;

const toCookie = (cookie: StoredCookie): Cookie => ({
  name: cookie.key,
  value: cookie.value,
  domain: cookie.domain ?? '',
  hostOnly: cookie.hostOnly ?? true,
  path: cookie.path ?? '/',
  expires: dateOf(expiryOf(cookie)),
  secure: cookie.secure,
  httpOnly: cookie.httpOnly,
  sameSite: sameSites.find((one) => one.toLowerCase() === cookie.sameSite?.toLowerCase()) ?? null,
});

const toStored = ({ name, expires, sameSite, ...rest }: Cookie): StoredCookie =>
  new StoredCookie({ ...rest, key: name, expires: expires ?? 'Infinity', ...(sameSite && { sameSite: sameSite.toLowerCase() }) });
