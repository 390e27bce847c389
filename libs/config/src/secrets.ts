import type { Secrecy } from './setting';

const hidden = '********';
/** A comma between URLs, not one inside a password. */
const betweenUrls = /,(?=\s*[a-z][a-z0-9+.-]*:\/\/)/i;
const secretParameter = /pass|token|key|secret|credential/i;

/** Hides the credentials of one URL, or everything when it cannot be told where they are. */
function maskUrl(url: string): string {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(url)?.[0];
  if (scheme === undefined) return url.includes('@') ? hidden : url;
  if (!URL.canParse(url)) return `${scheme}${hidden}`;
  const parsed = new URL(url);
  if (parsed.username === '' && parsed.password === '' && parsed.search === '') return url;
  // a NATS token stands where a user name would
  if (parsed.password !== '') parsed.password = hidden;
  else if (parsed.username !== '') parsed.username = hidden;
  for (const name of [...parsed.searchParams.keys()]) if (secretParameter.test(name)) parsed.searchParams.set(name, hidden);
  return parsed.toString();
}

/** A value as it may be printed: secrets and credentials inside URLs are replaced by stars. */
export function masked(value: string, secrecy: Secrecy): string {
  if (secrecy === 'none') return value;
  if (secrecy === 'whole') return value === '' ? '' : hidden;
  return value
    .split(betweenUrls)
    .map((part) => maskUrl(part.trim()))
    .join(',');
}

function* credentialsIn(url: string): Generator<string> {
  if (!URL.canParse(url)) return;
  const parsed = new URL(url);
  const found = [parsed.password === '' ? parsed.username : parsed.password];
  for (const [name, value] of parsed.searchParams) if (secretParameter.test(name)) found.push(value);
  for (const credential of found) {
    yield credential;
    try {
      yield decodeURIComponent(credential);
    } catch {
      // not percent-encoded: the raw form is all there is
    }
  }
}

/**
 * A function that replaces every secret of the settings in any text (log lines, error messages of drivers that quote their URL).
 * Secrets shorter than four characters are left: hiding every "abc" would hide nothing and garble the text.
 */
export function redactor(values: Iterable<{ readonly value: string; readonly secrecy: Secrecy }>): (text: string) => string {
  const secrets = new Set<string>();
  for (const { value, secrecy } of values) {
    if (secrecy === 'whole') secrets.add(value);
    if (secrecy === 'url') for (const part of value.split(betweenUrls)) for (const credential of credentialsIn(part.trim())) secrets.add(credential);
  }
  const longestFirst = [...secrets].filter((secret) => secret.length >= 4).sort((a, b) => b.length - a.length);
  return (text) => longestFirst.reduce((result, secret) => result.replaceAll(secret, hidden), text);
}
