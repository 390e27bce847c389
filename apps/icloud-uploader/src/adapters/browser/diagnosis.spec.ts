import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Library } from '@media-pipeline/files';
import type { Page } from 'puppeteer-core';
import sharp from 'sharp';
import { Chromium } from './chromium';
import { saveDiagnosis } from './diagnosis';

const secret = 'Correct-Horse-7-Battery';
const token = 'HSARMTKNSRVXWFlaX2FhYmJjYzEyMzQ1Njc4OTA';
let server: Server;
let url: string;
let shown = '';
let chromium: Chromium;
let page: Page;
let root: string;
beforeAll(async () => {
  server = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html>${shown}`)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  chromium = await Chromium.launch({ executable: null, headless: true, slowMoMs: 0, extraArguments: [], hosts: ['127.0.0.1'], warn: () => undefined });
});
afterAll(async () => {
  await chromium.close();
  server.close();
});
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'diagnosis-'));
  ({ page } = await chromium.newPage());
});
afterEach(async () => {
  await page.browserContext().close();
  await rm(root, { recursive: true });
});

/** What is kept of a page with this content. */
async function saved(content: string) {
  shown = content;
  await page.goto(url);
  const library = Library.at(root);
  const folder = library.absolute(await saveDiagnosis(library, page, 'unknown-page'));
  return { html: await readFile(path.join(folder, 'page.html'), 'utf8'), png: await readFile(path.join(folder, 'page.png')) };
}

it('has no content of fields, no tokens and no addresses with them', async () => {
  const { html } = await saved(`
    <button data-action="compose" data-session="${token}" aria-label="Hochladen" title="a ${token} b">Hochladen</button>
    <a data-href="https://example.com/x?token=abc#frag">more</a>
    <iframe name='{"token":"${token}"}' srcdoc="<p>inner</p><input value=${secret}>"></iframe>
    <iframe src="data:text/html,<!--${secret}-->hello"></iframe>
    <textarea>${secret}</textarea><div contenteditable>${secret}</div><div role="textbox">${secret}</div><input value="${secret}" placeholder="Code" aria-valuetext="${secret}">
    <p>your id is ${token}</p><template>${secret}</template>
    <section class="photos-library-toolbar upload-button-of-the-library"></section>`);
  for (const kept of ['data-action="compose"', 'aria-label="Hochladen"', 'class="photos-library-toolbar upload-button-of-the-library"', 'placeholder="Code"', 'inner', 'https://example.com/x']) expect(html).toContain(kept);
  for (const hidden of [secret, token, 'abc', 'frag']) expect(html).not.toContain(hidden);
});

/** Whether two pictures of the page differ. */
const pixels = async (png: Buffer): Promise<string> => (await sharp(png).raw().toBuffer()).toString('base64');
it.each(['<input type="text" value="VALUE">', '<input type="tel" value="VALUE">', '<textarea>VALUE</textarea>', '<div contenteditable>VALUE</div>', '<x-y><template shadowrootmode="open"><input value="VALUE"></template></x-y>', '<iframe srcdoc="<input value=VALUE>"></iframe>'])('pictures the page without what is typed into %s', async (field) => {
  const [one, other] = [await saved(field.replace('VALUE', '123456')), await saved(field.replace('VALUE', '904718'))];
  expect(await pixels(one.png)).toBe(await pixels(other.png));
});
