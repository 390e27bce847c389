import { domainMatch, getPublicSuffix } from 'tough-cookie';
import type { Cookie } from './cookies';

/**
 * What a browser has newer than the session that it got its cookies from. A cookie that both have renewed meanwhile is the browser's only when
 * it lasts longer: Apple counts each renewal's time from its moment. What the browser has dropped is dropped nowhere else.
 * @param lent as the browser had them at first
 * @param returned as it has them now
 * @param kept as the session has them now
 */
export function renewedCookies(lent: readonly Cookie[], returned: readonly Cookie[], kept: readonly Cookie[]): Cookie[] {
  const [before, here] = [byPlace(lent), byPlace(kept)];
  return returned.filter((cookie) => {
    const [first, mine] = [before.get(placeOf(cookie)), here.get(placeOf(cookie))];
    if (first && isSame(first, cookie)) return false;
    // It was dropped here.
    if (first && !mine) return false;
    if (!mine || mine.value === first?.value) return true;
    return lasts(cookie) > lasts(mine);
  });
}

/** Those of hosts that the session knows, or of domains above them. */
export function ownCookies(cookies: readonly Cookie[], urls: readonly string[]): Cookie[] {
  const hosts = urls.filter((url) => URL.canParse(url)).map((url) => new URL(url).hostname);
  return cookies.filter(({ domain, hostOnly }) => hosts.some((host) => host === domain || (!hostOnly && typeof getPublicSuffix(domain) === 'string' && domainMatch(host, domain) === true)));
}

const placeOf = ({ name, domain, path, hostOnly }: Cookie): string => JSON.stringify([name, domain, path, hostOnly]);
const byPlace = (cookies: readonly Cookie[]): Map<string, Cookie> => new Map(cookies.map((cookie) => [placeOf(cookie), cookie]));

/** One that lasts as long as its session says nothing of when it was made. */
const lasts = ({ expires }: Cookie): number => expires?.getTime() ?? 0;

/** Browsers round times to what they like. */
const isSame = (one: Cookie, other: Cookie): boolean => one.value === other.value && Math.abs(lasts(one) - lasts(other)) < 1_000;
