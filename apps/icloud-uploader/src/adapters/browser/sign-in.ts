import { setTimeout as delay } from 'node:timers/promises';
import type { ElementHandle, HTTPResponse } from 'puppeteer-core';
import { PipelineError } from '@media-pipeline/contracts';
import type { PageAnswer, PageAttempt } from '@media-pipeline/icloud';
import type { PhotosPage } from './photos-page';

const lookEveryMs = 200;
/** What comes later of an answer's body is not waited for: nobody else signs in meanwhile. */
const bodyMs = 10_000;
/** Between two keys. */
const typingMs = 15;

/**
 * Fills in Apple's sign-in as a person does: opens it, types the name, then the password, each once. Ends when the page shows its content or asks
 * for a code, when Apple has refused, or when the time is over. What is typed is said nowhere.
 * @throws PROGRAM_FAILED when the page or its Chromium is gone
 */
export async function fillIn(photos: PhotosPage, username: string, password: string, timeoutMs: number, signal?: AbortSignal): Promise<PageAttempt> {
  using answers = new Answers(photos);
  const until = performance.now() + timeoutMs;
  const done = { opened: false, name: false, password: false };
  const ended = async (shows: PageAttempt['shows']): Promise<PageAttempt> => ({ shows, answers: await answers.all(), cookies: await photos.cookies() });
  while (performance.now() < until) {
    if (await photos.findVisible('codeField')) return await ended('code');
    if (answers.refused) return await ended('sign_in');
    if (done.password && (await photos.findEntrance())) return await ended('content');
    photos.assertAlive();
    // A page that draws itself anew takes the field away while it is filled in: the next look finds another one. What was sent is not sent again.
    await step(photos, username, password, done).catch((error: unknown) => {
      if (error instanceof PipelineError) throw error;
    });
    await delay(lookEveryMs, undefined, signal && { signal });
  }
  return await ended(await photos.asksToSignIn() ? 'sign_in' : 'content');
}

/** Does what the page asks for next. */
async function step(photos: PhotosPage, username: string, password: string, done: { opened: boolean; name: boolean; password: boolean }): Promise<void> {
  if (done.password) return;
  const [name, secret] = [done.name ? null : await photos.findVisible('account'), await photos.findVisible('password')];
  if (name) {
    await type(name.element, username);
    done.name = true;
    // Both on one page are sent together.
    if (!secret) await submit(photos, name.element);
  }
  if (secret && done.name) {
    await type(secret.element, password);
    const keep = await photos.findVisible('keepSignedIn', secret.element.frame);
    if (keep) await check(keep.element);
    done.password = true;
    await submit(photos, secret.element);
  } else if (!name && !secret && !done.opened) {
    const button = await photos.findVisible('signIn');
    await button?.element.click();
    done.opened = button !== null;
  }
}

/** In place of whatever is there. */
async function type(field: ElementHandle, text: string): Promise<void> {
  await field.click({ count: 3 });
  await field.type(text, { delay: typingMs });
}

async function check(box: ElementHandle): Promise<void> {
  const isChecked = await box.evaluate((node) => node.matches(':checked'));
  if (!isChecked) await box.click();
}

/** By the button beside the field, else by the Enter key. */
async function submit(photos: PhotosPage, field: ElementHandle): Promise<void> {
  const button = await photos.findVisible('continue', field.frame);
  if (button) await button.element.click();
  else await field.press('Enter');
}

/** What Apple's identity service answers to the page's own requests. */
class Answers {
  refused = false;
  private readonly heard: Promise<PageAnswer>[] = [];
  private readonly stop: () => void;

  constructor({ page }: PhotosPage) {
    const hear = (response: HTTPResponse): void => {
      const { pathname } = new URL(response.url());
      if (!pathname.includes('/appleauth/auth/')) return;
      const status = response.status();
      // 409: a code; 412: goes on.
      if (pathname.endsWith('/signin/complete') && status >= 400 && status !== 409 && status !== 412) this.refused = true;
      const json: Promise<unknown> = Promise.race([response.json().catch(() => null), delay(bodyMs, null, { ref: false })]);
      this.heard.push(json.then((body) => ({ url: response.url(), status, headers: response.headers(), json: body })));
    };
    page.on('response', hear);
    this.stop = () => void page.off('response', hear);
  }

  async all(): Promise<PageAnswer[]> {
    return await Promise.all(this.heard);
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}
