import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileChecksum } from './content';
import { PhotoServer } from './spec-support/photo-server';

let server: PhotoServer;
let folder: string;
const data = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 31) & 0xff));

beforeEach(async () => {
  server = await PhotoServer.start();
  folder = await mkdtemp(path.join(tmpdir(), 'local-icloud-'));
  await writeFile(path.join(folder, 'a.jpg'), data);
  await server.library.add({ filename: 'a.jpg', original: { file: path.join(folder, 'a.jpg') } });
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const freshUrl = async () => (await server.list(0)).records[0]!.fields.resOriginalRes!.value.downloadURL;
const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer());

it('streams the file under a signed URL, without a session, whatever name is put in', async () => {
  const url = await freshUrl();
  const response = await server.get(url);
  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toMatchObject({ 'accept-ranges': 'bytes', 'content-length': '300000', 'content-type': 'application/octet-stream', etag: `"${fileChecksum(data)}"` });
  expect((await bytesOf(response)).equals(data)).toBe(true);
  expect((await bytesOf(await server.get(url.replace('${f}', encodeURIComponent('Füße 🌄.jpg'))))).equals(data)).toBe(true);
});

it.each([
  ['bytes=100-', 100, 300_000],
  ['bytes=0-0', 0, 1],
  ['bytes=299999-400000', 299_999, 300_000],
  ['bytes=-5', 299_995, 300_000],
])('answers %s with exactly those bytes', async (range, start, end) => {
  const response = await server.get(await freshUrl(), { range });
  expect([response.status, response.headers.get('content-range')]).toEqual([206, `bytes ${String(start)}-${String(end - 1)}/300000`]);
  expect((await bytesOf(response)).equals(data.subarray(start, end))).toBe(true);
});

it('refuses a range behind the end, and takes what is no range for the whole', async () => {
  const behind = await server.get(await freshUrl(), { range: 'bytes=300000-' });
  expect([behind.status, behind.headers.get('content-range')]).toEqual([416, 'bytes */300000']);
  for (const range of ['bytes=5-2', 'bytes=0-1,4-5', 'lines=1-']) expect((await server.get(await freshUrl(), { range })).status).toBe(200);
  const etag = (await server.get(await freshUrl())).headers.get('etag')!;
  expect((await server.get(await freshUrl(), { range: 'bytes=5-', 'if-range': etag })).status).toBe(206);
  expect((await server.get(await freshUrl(), { range: 'bytes=5-', 'if-range': '"another"' })).status).toBe(200);
});

it('lets URLs run out by the clock, and takes none that it did not sign', async () => {
  const url = await freshUrl();
  server.clock.advance(34 * 60_000);
  expect((await server.get(url)).status).toBe(200);
  server.clock.advance(61_000);
  expect((await server.get(url)).status).toBe(410);
  expect((await server.get(await freshUrl())).status).toBe(200);
  expect((await server.get((await freshUrl()).replace(/&e=\d+/, '&e=9999999999'))).status).toBe(403);
});

describe('faults', () => {
  it('410: that URL never works again, a fresh one does', async () => {
    const url = await freshUrl();
    server.faults.once('download.410');
    expect((await server.get(url)).status).toBe(410);
    expect((await server.get(url)).status).toBe(410);
    expect((await server.get(await freshUrl())).status).toBe(200);
  });

  it('HTML and 17 bytes inside HTTP 200', async () => {
    server.faults.once('download.html');
    const html = await server.get(await freshUrl());
    expect([html.status, html.headers.get('content-type'), (await html.text()).slice(0, 9)]).toEqual([200, 'text/html; charset=utf-8', '<!DOCTYPE']);
    server.faults.once('download.tinyError');
    const tiny = await server.get(await freshUrl());
    expect([tiny.status, (await bytesOf(tiny)).length]).toEqual([200, 17]);
    server.library.contentNeedsCookies = true;
    expect((await bytesOf(await server.get(await freshUrl()))).length).toBe(17);
    expect((await bytesOf(await server.get(await freshUrl(), { cookie: 'any=1' }))).length).toBe(300_000);
  });

  it('truncation: a connection that breaks half way, then an answer that ends half way', async () => {
    server.faults.once('download.truncate', 2);
    const broken = await server.get(await freshUrl());
    expect(broken.headers.get('content-length')).toBe('300000');
    await expect(broken.arrayBuffer()).rejects.toThrow();
    const short = await server.get(await freshUrl());
    expect((await bytesOf(short)).equals(data.subarray(0, 150_000))).toBe(true);
  });

  it('one flipped bit', async () => {
    server.faults.once('download.flip');
    const bytes = await bytesOf(await server.get(await freshUrl()));
    expect(bytes.length).toBe(300_000);
    expect([...bytes.keys()].filter((at) => bytes[at] !== data[at])).toEqual([150_000]);
    expect(fileChecksum(bytes)).not.toBe(fileChecksum(data));
  });

  it('a Range that is ignored', async () => {
    server.faults.once('download.ignoreRange');
    const response = await server.get(await freshUrl(), { range: 'bytes=100-' });
    expect([response.status, (await bytesOf(response)).length]).toEqual([200, 300_000]);
  });

  it('a dropped connection, 429 with Retry-After, and a slow body', async () => {
    const url = await freshUrl();
    server.faults.once('download.drop');
    await expect(server.get(url)).rejects.toThrow();
    server.faults.once('download.429');
    const limited = await server.get(url);
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '1']);
    server.faults.once('download.slow');
    const begun = performance.now();
    expect((await bytesOf(await server.get(url))).equals(data)).toBe(true);
    expect(performance.now() - begun).toBeGreaterThan(40);
  });
});

it('stops reading when nobody listens any more', async () => {
  server.faults.once('download.slow');
  const abort = new AbortController();
  const response = await fetch(await freshUrl(), { signal: abort.signal });
  abort.abort();
  await expect(response.arrayBuffer()).rejects.toThrow();
  expect((await server.get(await freshUrl())).status).toBe(200);
});
