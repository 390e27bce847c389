import type { FastifyReply, FastifyRequest } from 'fastify';

/** Cookies of the request by name, values without the quotes Apple puts around them. */
export function cookiesOf(request: FastifyRequest): Map<string, string> {
  const found = new Map<string, string>();
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0) found.set(pair.slice(0, at).trim(), pair.slice(at + 1).trim().replace(/^"(.*)"$/u, '$1'));
  }
  return found;
}

export interface NewCookie {
  readonly name: string;
  readonly value: string;
  /** Milliseconds since the epoch; undefined: until the browser closes. */
  readonly expires?: number | undefined;
  readonly readable?: boolean;
}

/**
 * Sets cookies in Apple's form, quoted values and all. Apple's are for Domain=.icloud.com; here they are for this host alone.
 * They are Secure although the server speaks plain HTTP: clients treat this machine as trustworthy, or have to be told to.
 */
export function setCookies(reply: FastifyReply, cookies: readonly NewCookie[]): void {
  const lines = cookies.map(({ name, value, expires, readable }) => {
    const until = expires === undefined ? '' : `;Expires=${new Date(expires).toUTCString()}`;
    return `${name}=${value === '' ? '' : `"${value}"`}${until};Path=/;Secure${readable === true ? '' : ';HttpOnly'}`;
  });
  void reply.header('set-cookie', lines);
}
