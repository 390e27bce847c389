import type { Cookie as BrowserCookie, CookieData } from 'puppeteer-core';
import type { Cookie } from '@media-pipeline/icloud';

/** For Chromium a domain with a dot before it is all hosts below, and one without it this very host. */
export const toBrowser = ({ name, value, domain, hostOnly, path, expires, secure, httpOnly, sameSite }: Cookie): CookieData => ({
  name,
  value,
  domain: hostOnly ? domain : `.${domain}`,
  path,
  secure,
  httpOnly,
  ...(expires && { expires: expires.getTime() / 1_000 }),
  ...(sameSite && { sameSite }),
});

export const fromBrowser = ({ name, value, domain, path, expires, session, secure, httpOnly, sameSite }: BrowserCookie): Cookie => ({
  name,
  value,
  domain: domain.replace(/^\./, ''),
  hostOnly: !domain.startsWith('.'),
  path,
  expires: session || expires < 0 ? null : new Date(expires * 1_000),
  secure,
  httpOnly: httpOnly === true,
  sameSite: sameSites.find((one) => one === sameSite) ?? null,
});

const sameSites = ['Strict', 'Lax', 'None'] as const;
