import type { Library } from '@media-pipeline/files';
import type { Logger, Settings } from '@media-pipeline/stage';
import type { Cloud } from '../cloud';
import { BrowserRoute } from './browser-route';
import { readSelectors } from './selectors';

/** How long (ms) the page may take until it can be used, and an upload until it begins; how long nothing must move for the end of one. */
export interface Patience {
  readonly readyMs: number;
  readonly beginMs: number;
  readonly settleMs: number;
  /** How long signing in on the page may take. */
  readonly signInMs: number;
  /** How long a browser that has nothing to do is kept: it takes some 400 MB. */
  readonly idleMs: number;
}
const usual: Patience = { readyMs: 90_000, beginMs: 60_000, settleMs: 10_000, signInMs: 120_000, idleMs: 60_000 };

/** The browser route as the settings want it. */
export function browserRoute({ icloud: { upload }, browser }: Pick<Settings, 'icloud' | 'browser'>, cloud: Cloud, library: Library, logger: Logger, { readyMs, beginMs, settleMs, signInMs, idleMs }: Patience = usual): BrowserRoute {
  const { hostname } = new URL(upload.photosUrl);
  return new BrowserRoute(
    {
      chromium: { ...browser, hosts: [hostname], warn: (message) => { logger.warn({}, message); } },
      url: upload.photosUrl,
      selectors: async () => await readSelectors(upload.selector, upload.selectorsFile),
      readyMs,
      signInMs,
      idleMs,
      limits: { stallMs: upload.stallMs, beginMs, settleMs },
      uploadsPerBrowser: browser.uploads,
    },
    {
      lend: async () => await cloud.lendCookies(),
      take: async (lent, returned) => { await cloud.takeCookies(lent, returned); },
      renew: async (signal) => { await cloud.signIn(signal); },
      signInOnPage: async (fillIn, signal) => { await cloud.signInOnPage(fillIn, signal); },
    },
    library,
    logger,
  );
}
