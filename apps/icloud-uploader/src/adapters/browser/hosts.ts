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

/**
 * Whether a page or frame of this address may be told who somebody is. One without a host of its own (`about:`, `blob:`, `data:`) may not: nobody
 * can say whose it is.
 * @param more hosts that are allowed beside Apple's; these also without encryption
 */
export function isAllowed(url: string, more: readonly string[]): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  if (more.some((host) => host.toLowerCase() === hostname)) return protocol === 'https:' || protocol === 'http:';
  return protocol === 'https:' && appleHosts.some((host) => (host.startsWith('*.') ? hostname.endsWith(host.slice(1)) : hostname === host));
}
