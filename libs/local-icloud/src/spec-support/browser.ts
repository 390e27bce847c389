import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { launch } from 'puppeteer-core';
import type { Browser, Frame, JSHandle, Page } from 'puppeteer-core';
import type { LocalICloud } from '../server';

const flags = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** Debian's Chromium with a fresh profile, and a person who signs in and chooses files. */
export class Visitor {
  private constructor(
    readonly browser: Browser,
    readonly profile: string,
  ) {}

  static async arrive(): Promise<Visitor> {
    const profile = await mkdtemp(path.join(tmpdir(), 'local-icloud-chromium-'));
    const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    return new Visitor(await launch({ executablePath: '/usr/bin/chromium', headless: true, userDataDir: profile, args: [...flags, ...sandbox] }), profile);
  }

  /** A page of a browser context of its own: nobody is signed in there. */
  async page(cloud: LocalICloud): Promise<Page> {
    const context = await this.browser.createBrowserContext();
    const page = await context.newPage();
    await page.goto(cloud.pageUrl);
    return page;
  }

  /** Closes the browser and removes its profile. @returns the command lines of processes that are still there with it */
  async leave(): Promise<string[]> {
    await this.browser.close();
    const left = await commandLinesWith(this.profile);
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5 });
    return left;
  }
}

async function commandLinesWith(text: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => line.includes(text));
}

/** The frame in an iframe, as soon as it is there. */
export async function frameIn(page: Page, selector: string): Promise<Frame> {
  const element = await page.waitForSelector(selector);
  const frame = await element?.contentFrame();
  if (!frame) throw new Error(`${selector} holds no frame`);
  return frame;
}

/** Signs in through the widget: name, password, the code that the devices show, trust. */
export async function signIn(page: Page, cloud: LocalICloud, options: { remember?: boolean; wrongCodeFirst?: boolean; password?: string } = {}): Promise<void> {
  await (await page.waitForSelector('.sign-in-button'))?.click();
  const widget = await frameIn(page, '#aid-auth-widget-iFrame');
  await typeInto(widget, '#account_name_text_field', cloud.account.username);
  await widget.click('#sign-in');
  await widget.waitForSelector('#password_text_field', { visible: true });
  await typeInto(widget, '#password_text_field', options.password ?? cloud.account.password);
  if (options.remember === true) await widget.click('#remember-me');
  await widget.click('#sign-in');
  if (!cloud.account.secondFactor) return;
  await widget.waitForSelector('#char0');
  if (options.wrongCodeFirst === true) {
    await enterCode(widget, cloud.account.latestCode === '000000' ? '000001' : '000000');
    await saying(widget, '#errMsg', 'Incorrect');
  }
  await enterCode(widget, cloud.account.latestCode ?? '');
  await (await widget.waitForSelector('.trust-browser'))?.click();
}

async function typeInto(frame: Frame, selector: string, text: string): Promise<void> {
  const field = await frame.waitForSelector(selector, { visible: true });
  await field?.type(text);
}

async function enterCode(widget: Frame, code: string): Promise<void> {
  for (let at = 0; at < code.length; at++) await (await widget.waitForSelector(`#char${String(at)}:not(:disabled)`))?.type(code.charAt(at));
}

/** The Photos app's frame once it holds what matches. */
export async function photosWith(page: Page, selector: string): Promise<Frame> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    for (const frame of page.frames()) {
      if (await holds(frame, selector)) return frame;
    }
    if (Date.now() > deadline) throw new Error(`no frame has ${selector}; there is ${(await bodyTexts(page)).join(' | ')}`);
    await delay(50);
  }
}

/** A frame that navigates away meanwhile holds nothing. */
async function holds(frame: Frame, selector: string): Promise<boolean> {
  try {
    return (await frame.$(selector)) !== null;
  } catch {
    return false;
  }
}

async function bodyTexts(page: Page): Promise<string[]> {
  return Promise.all(page.frames().map(async (frame) => `${frame.url()}: ${(await textsOf(frame, 'body').catch(() => ['gone'])).join(' ')}`));
}

/** The texts of all elements that match. */
export async function textsOf(frame: Frame, selector: string): Promise<string[]> {
  const found: readonly JSHandle[] = await frame.$$<string>(selector);
  return Promise.all(found.map(async (element) => String(await propertyOf(element, 'textContent'))));
}

/** A property of an element in the page. */
export async function propertyOf(element: JSHandle | null, name: string): Promise<unknown> {
  const property: JSHandle | undefined = await element?.getProperty(name);
  return property?.jsonValue();
}

/** Waits until one of the elements says it. */
export async function saying(frame: Frame, selector: string, text: string): Promise<void> {
  const deadline = Date.now() + 15_000;
  for (let said = await textsOf(frame, selector); !said.some((each) => each.includes(text)); said = await textsOf(frame, selector)) {
    if (Date.now() > deadline) throw new Error(`${selector} does not say "${text}" but: ${said.join(' | ')}`);
    await delay(20);
  }
}
