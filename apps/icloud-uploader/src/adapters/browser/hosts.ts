/** Hosts that the Photos page is made of (the page itself, its frames, sign-in, static files, content). Everything else is not found by the browser. */
const appleHosts = ['icloud.com', '*.icloud.com', 'icloud.com.cn', '*.icloud.com.cn', '*.icloud-content.com', '*.icloud-content.com.cn', '*.apple.com', '*.cdn-apple.com', '*.apple-cloudkit.com'];

/**
 * Chromium's `--host-resolver-rules`: names outside of iCloud do not resolve, so no page, frame, script or redirect leads out. Cheaper than
 * looking at each request, and holds for service workers and prefetches too.
 * @param more hosts that are allowed beside Apple's: those that the settings name
 */
export function resolverRules(more: readonly string[]): string {
  const allowed = [...new Set([...appleHosts, ...more.map((host) => host.toLowerCase())])];
  return ['MAP * ~NOTFOUND', ...allowed.map((host) => `EXCLUDE ${host}`)].join(', ');
}

/** Whether an address is one that the browser may open. */
export function isAllowed(url: string, more: readonly string[]): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  if (protocol === 'about:' || protocol === 'blob:' || protocol === 'data:') return true;
  if (protocol !== 'https:' && !(protocol === 'http:' && more.includes(hostname))) return false;
  return [...appleHosts, ...more].some((host) => (host.startsWith('*.') ? hostname.endsWith(host.slice(1)) : hostname === host));
}
