import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ContentHost, good, type Reply } from '../e2e/content/content-host';
import { Downloader } from './downloader';

const content = randomBytes(3_000_000);
const sha256 = createHash('sha256').update(content).digest('hex');

let folder: string;
let host: ContentHost;
let part: string;
beforeAll(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'mp-download-'))));
afterAll(() => rm(folder, { recursive: true }));
beforeEach(async () => {
  host = await ContentHost.start(content);
  part = path.join(folder, `${randomBytes(4).toString('hex')}.part`);
});
afterEach(() => host.close());

/** Time that passes only while somebody sleeps. */
class Sleeper {
  at = 0;
  readonly slept: number[] = [];
  now = () => this.at;
  sleep = async (ms: number) => {
    this.slept.push(Math.round(ms));
    this.at += ms;
  };
}

const downloaded = async (clock = new Sleeper(), options: { atOnce?: number; bytesPerSecond?: number } = {}) => await new Downloader(host, { clock, ...options }).download(host.resource, part, { freshUrl: host.freshUrl });

async function expectWhole(): Promise<void> {
  expect((await readFile(part)).equals(content)).toBe(true);
}

const status = (code: number, headers: Record<string, string> = {}): Reply => (_, response) => void response.writeHead(code, headers).end('sorry');
const html: Reply = (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<!DOCTYPE html><html></html>');
const htmlWithoutType: Reply = (_, response) => void response.writeHead(200).end('<!DOCTYPE html><html></html>');
const tinyError: Reply = (_, response) => void response.writeHead(200, { 'content-length': 17 }).end('{"error":"again"}');
const truncated: Reply = (_, response, all) => void response.writeHead(200, { 'transfer-encoding': 'chunked' }).end(all.subarray(0, 1_000_000));
const flipped: Reply = (_, response, all) => {
  const bad = Buffer.from(all);
  bad[1_234_567] = (bad[1_234_567] ?? 0) ^ 1;
  response.writeHead(200, { 'content-length': bad.length }).end(bad);
};
const ignoringRange: Reply = (_, response, all) => void response.writeHead(200, { 'content-length': all.length }).end(all);
const dropped: Reply = (request, response, all) => {
  const from = Number(/(\d+)-/.exec(request.headers.range ?? '0-')?.[1]);
  response.writeHead(from > 0 ? 206 : 200, { 'content-length': all.length - from, ...(from > 0 && { 'content-range': `bytes ${from}-${all.length - 1}/${all.length}` }) });
  response.write(all.subarray(from, from + 800_000), () => setImmediate(() => request.socket.destroy()));
};
const hungUp: Reply = (request) => void request.socket.destroy();
const tooLong: Reply = (_, response, all) => void response.writeHead(200).end(Buffer.concat([all, Buffer.from('more')]));
const wrongPart: Reply = (_, response, all) => void response.writeHead(206, { 'content-range': `bytes 5-${all.length - 1}/${all.length}` }).end(all.subarray(5));

it('downloads, verifies and tells how far it is', async () => {
  const steps: number[] = [];
  const result = await new Downloader(host).download(host.resource, part, { freshUrl: host.freshUrl, progress: (bytes) => steps.push(bytes) });
  expect(result).toEqual({ sha256, bytes: content.length });
  await expectWhole();
  expect(steps.at(-1)).toBe(content.length);
  expect(host.asked).toEqual([{ url: '/listed/$%7Bf%7D', range: undefined }]);
});

it.each<[string, Reply[], number]>([
  ['410 three times', [status(410), status(410), status(410)], 4],
  ['403 and 404', [status(403), status(404)], 3],
  ['429 and 503', [status(429, { 'retry-after': '3' }), status(503)], 3],
  ['a server in trouble', [status(500), status(502)], 3],
  ['a web page', [html, html], 3],
  ['a web page that does not say so', [htmlWithoutType], 2],
  ['an error message of 17 bytes', [tinyError], 2],
  ['an answer that ends too early', [truncated], 2],
  ['a flipped bit', [flipped], 2],
  ['two flipped bits', [flipped, flipped], 3],
  ['connections that break', [dropped, dropped, dropped], 4],
  ['nobody answering', [hungUp, hungUp], 3],
  ['more than there should be', [tooLong], 2],
  ['a part when the whole was asked for', [wrongPart], 2],
  ['a bit of everything', [status(410), dropped, status(503, { 'retry-after': '1' }), ignoringRange], 4],
])('gets over %s', async (_, script, requests) => {
  host.script = [...script];
  expect(await downloaded()).toEqual({ sha256, bytes: content.length });
  await expectWhole();
  expect(host.asked.length).toBe(requests);
});

it('asks for the rest only, after a broken connection and in another process’s part', async () => {
  host.script = [dropped];
  await downloaded();
  expect(Number(/^bytes=(\d+)-$/.exec(host.asked[1]?.range ?? '')?.[1])).toBeGreaterThan(0);
  await writeFile(part, content.subarray(0, 2_999_999));
  expect(await downloaded()).toEqual({ sha256, bytes: content.length });
  expect(host.asked.at(-1)?.range).toBe('bytes=2999999-');
  await expectWhole();
});

it('takes the whole file when the server ignores Range', async () => {
  await writeFile(part, Buffer.alloc(500_000, 7)); // not even the right bytes
  host.otherwise = ignoringRange;
  expect(await downloaded()).toEqual({ sha256, bytes: content.length });
  await expectWhole();
});

it('throws a spoilt part away once it is complete, and fetches it anew', async () => {
  await writeFile(part, Buffer.alloc(500_000, 7));
  expect(await downloaded()).toEqual({ sha256, bytes: content.length });
  expect(host.asked.map(({ range }) => range)).toEqual(['bytes=500000-', undefined]);
  await expectWhole();
});

it('asks for nothing when the part is complete', async () => {
  await writeFile(part, content);
  expect(await downloaded()).toEqual({ sha256, bytes: content.length });
  expect(host.asked).toEqual([]);
});

it.each<[string, Reply, string, number]>([
  ['410', status(410), 'ICLOUD_URL_EXPIRED', 6],
  ['404', status(404), 'ICLOUD_ASSET_REFUSED', 6],
  ['429', status(429), 'ICLOUD_RATE_LIMITED', 6],
  ['web pages', html, 'ICLOUD_CONTENT_MISMATCH', 6],
  ['wrong content', flipped, 'ICLOUD_CONTENT_MISMATCH', 3],
  ['answers that end too early', truncated, 'ICLOUD_UNREACHABLE', 7],
  ['broken connections', hungUp, 'ICLOUD_UNREACHABLE', 6],
  ['wrong parts', wrongPart, 'ICLOUD_ANSWER_UNKNOWN', 6],
])('gives up after a few requests when there is nothing but %s', async (_, reply, code, most) => {
  host.otherwise = reply;
  await expect(downloaded()).rejects.toMatchObject({ code });
  expect(host.asked.length).toBeLessThanOrEqual(most);
});

it('never asks an expired address again', async () => {
  host.otherwise = status(410);
  await expect(downloaded()).rejects.toMatchObject({ code: 'ICLOUD_URL_EXPIRED' });
  const urls = host.asked.map(({ url }) => url);
  expect(new Set(urls).size).toBe(urls.length);
  await expect(new Downloader(host).download(host.resource, part, { freshUrl: () => Promise.resolve(host.resource.url) })).rejects.toMatchObject({ code: 'ICLOUD_URL_EXPIRED' });
  expect(host.asked.length).toBe(urls.length + 1);
});

it('keeps silent, with all its downloads, for as long as the server says', async () => {
  const clock = new Sleeper();
  host.script = [status(429, { 'retry-after': '40' })];
  const downloader = new Downloader(host, { clock, atOnce: 1 });
  await downloader.download(host.resource, part, { freshUrl: host.freshUrl });
  expect(clock.slept).toEqual([40_000]);
  host.script = [status(503, { 'retry-after': '86400' })];
  await rm(part);
  await expect(downloader.download(host.resource, part, { freshUrl: host.freshUrl })).rejects.toMatchObject({ code: 'ICLOUD_RATE_LIMITED' });
});

it('trusts the size where the checksum is of an unknown kind', async () => {
  const resource = { ...host.resource, checksum: Buffer.concat([Buffer.of(2), randomBytes(20)]).toString('base64') };
  expect(await new Downloader(host).download(resource, part, { freshUrl: host.freshUrl })).toEqual({ sha256, bytes: content.length });
});

it('stops at the signal and keeps what came', async () => {
  const abort = new AbortController();
  const why = new Error('the stage is closing');
  host.otherwise = (_, response, all) => {
    response.writeHead(200, { 'content-length': all.length });
    response.write(all.subarray(0, 2_000_000));
  };
  const download = new Downloader(host).download(host.resource, part, { freshUrl: host.freshUrl, signal: abort.signal, progress: () => abort.abort(why) });
  await expect(download).rejects.toBe(why);
  const kept = await readFile(part);
  expect(kept.length).toBeGreaterThan(1_000_000);
  expect(kept.equals(content.subarray(0, kept.length))).toBe(true);
  host.otherwise = good;
  expect(await downloaded()).toEqual({ sha256, bytes: content.length });
});

it('reads no faster than it may, over all downloads together', async () => {
  const clock = new Sleeper();
  const downloader = new Downloader(host, { clock, bytesPerSecond: 500_000, atOnce: 3 });
  await Promise.all([1, 2, 3].map((n) => downloader.download(host.resource, `${part}-${n}`, { freshUrl: host.freshUrl })));
  expect(clock.at).toBeGreaterThanOrEqual(((3 * content.length) / 500_000 - 1) * 1000);
});

it('runs as many at once as it is told', async () => {
  let open = 0;
  let most = 0;
  host.otherwise = (request, response, all) => {
    most = Math.max(most, (open += 1));
    response.on('close', () => (open -= 1));
    good(request, response, all);
  };
  const downloader = new Downloader(host, { atOnce: 2 });
  await Promise.all(Array.from({ length: 8 }, (_, n) => downloader.download(host.resource, `${part}-${n}`, { freshUrl: host.freshUrl })));
  expect(most).toBeLessThanOrEqual(2);
});
