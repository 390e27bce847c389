import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Chromium } from './chromium';
import { PhotosPage } from './photos-page';
import { readSelectors } from './selectors';
import { fillIn } from './sign-in';

const username = 'jane@example.com';
const password = 'Correct-Horse-7-Battery';
const field = '<input type="email" autocomplete="username"><input type="password">';
/** A page that says what is typed into it. @param at where it says that */
const listening = (at: string): string => `<!doctype html>${field}<script>for (const input of document.querySelectorAll('input')) input.addEventListener('input', () => void fetch('${at}/heard?' + encodeURIComponent(input.value), { mode: 'no-cors' }));</script>`;

let server: Server;
let port: number;
let chromium: Chromium;
let shown = '';
let heard: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const url = decodeURIComponent(request.url ?? '');
    if (url.startsWith('/heard?')) heard.push(url.slice('/heard?'.length));
    if (url.startsWith('/heard?') && request.headers.host?.startsWith('elsewhere')) heard.push(`elsewhere: ${url.slice('/heard?'.length)}`);
    response.writeHead(200, { 'content-type': 'text/html' }).end(url === '/field' ? listening('') : url === '/' ? shown : '');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
  chromium = await Chromium.launch({ executable: null, headless: true, slowMoMs: 0, extraArguments: ['--host-resolver-rules=MAP elsewhere.example 127.0.0.1'], hosts: ['127.0.0.1'], warn: () => undefined });
});
afterAll(async () => {
  await chromium.close();
  server.close();
});
beforeEach(() => (heard = []));

/** Fills in what a page with this content asks for. */
async function fill(content: string, timeoutMs: number) {
  shown = `<!doctype html><title>Photos</title>${content}`;
  const photos = await PhotosPage.open(chromium, `http://127.0.0.1:${port}/`, { login: null, cookies: [] }, await readSelectors(null, null));
  try {
    return await fillIn(photos, username, password, timeoutMs);
  } finally {
    await photos.close();
  }
}

it('types name and password where they belong', async () => {
  await fill('<iframe src="/field"></iframe>', 3_000);
  expect(heard).toContain(username);
  expect(heard).toContain(password);
});

it.each([
  ['another host', () => `<iframe src="http://elsewhere.example:${port}/field"></iframe>`],
  ['no host at all', () => `<iframe src="data:text/html,${encodeURIComponent(listening(`http://127.0.0.1:${port}`))}"></iframe>`],
])('types nothing into a frame of %s', async (_, frame) => {
  expect(await fill(frame(), 2_000)).toMatchObject({ shows: 'sign_in' });
  expect(heard).toEqual([]);
});

it('finds the field of an allowed frame behind one that is not', async () => {
  await fill(`<iframe src="http://elsewhere.example:${port}/field"></iframe><iframe src="/field"></iframe>`, 3_000);
  expect(heard.filter((text) => text.endsWith(password))).toEqual([password]);
});

it('goes on when the page exchanges a field that is being filled in', async () => {
  const exchange = `<script>addEventListener('focusin', () => { for (const input of document.querySelectorAll('input')) input.replaceWith(Object.assign(document.createElement('input'), { type: input.type, autocomplete: input.autocomplete, oninput: (event) => void fetch('/heard?' + encodeURIComponent(event.target.value)) })); }, { once: true });</script>`;
  await fill(`${field}${exchange}`, 4_000);
  expect(heard).toContain(password);
});
