import type { HTTPRequest, HTTPResponse, Page } from 'puppeteer-core';
import { z } from 'zod';

const Put = z.object({ files: z.array(z.object({ fileName: z.string() })) });
const upload = /\/photosupload\/|\/upload/i;

/**
 * What the page itself sends while it uploads. It tells whether something still moves, and which files the page has put; the page may come to
 * use other addresses one day, so that hearing nothing means nothing.
 */
export class PageTraffic {
  /** By `performance.now()`. */
  lastMovedAt = performance.now();
  /** Uploads have been seen at all. */
  seen = false;
  private readonly underWay = new Set<HTTPRequest>();
  private readonly put = new Set<string>();
  private readonly stop: () => void;

  constructor(page: Page) {
    const began = (request: HTTPRequest): void => {
      if (request.method() !== 'POST' || !upload.test(request.url())) return;
      this.underWay.add(request);
      this.moved();
    };
    const ended = (request: HTTPRequest): void => {
      if (this.underWay.delete(request)) this.moved();
    };
    const answered = (response: HTTPResponse): void => {
      const request = response.request();
      if (!this.underWay.has(request) || !response.ok() || !/putAsset/i.test(request.url())) return;
      void request.fetchPostData().then((body) => { namesIn(body).forEach((name) => this.put.add(name)); }, () => undefined);
    };
    page.on('request', began).on('requestfinished', ended).on('requestfailed', ended).on('response', answered);
    this.stop = () => void page.off('request', began).off('requestfinished', ended).off('requestfailed', ended).off('response', answered);
  }

  get busy(): boolean {
    return this.underWay.size > 0;
  }

  /** Names of the files that the page has put. */
  get names(): ReadonlySet<string> {
    return this.put;
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  private moved(): void {
    this.seen = true;
    this.lastMovedAt = performance.now();
  }
}

function namesIn(body: string | undefined): string[] {
  try {
    const parsed = Put.safeParse(JSON.parse(body ?? ''));
    return parsed.success ? parsed.data.files.map(({ fileName }) => fileName) : [];
  } catch {
    return [];
  }
}
