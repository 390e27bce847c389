import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { withRegularFile } from '@media-pipeline/files';
import { primary } from '../e2e/paper/records';
import { sendContent } from '../http/service-calls';
import { Transport } from '../http/transport';
import { ServiceClient, type ContentAnswer, type ContentResponse, type ContentToSend, type ServiceRequest, type WebService } from '../service';
import { contentOf, type FileToUpload } from './content';
import type { Receipt } from './receipt';
import { Sender } from './sender';
import { UploadCalls } from './upload-calls';

type Reply = (request: IncomingMessage, response: ServerResponse) => void;
let folder: string;
let server: Server;
let file: FileToUpload;
let transport: Transport;
let script: Reply[];
let received: { url: string; bytes: number; headers: IncomingMessage['headers'] }[];
let time = 0;
const clock = { now: () => time, sleep: async (ms: number) => void (time += await Promise.resolve(ms)) };

/** Whatever is asked for is an address on the server. */
class Reserving extends ServiceClient {
  reserved = 0;

  override async call(_: WebService, __: string, { body }: ServiceRequest): Promise<unknown> {
    const [id = ''] = Object.keys((body as { assets: Record<string, number> }).assets);
    return { uploadUrls: { [id]: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${(this.reserved += 1)}` } };
  }

  override async open(): Promise<ContentResponse> {
    throw new Error('nothing to download here');
  }

  override async send(url: string, { signal, ...content }: ContentToSend): Promise<ContentAnswer> {
    return await sendContent(transport, url, content, signal ?? new AbortController().signal);
  }
}

const takes: Reply = (request, response) => {
  const entry = received.at(-1);
  request.on('data', (chunk: Buffer) => entry && (entry.bytes += chunk.length));
  request.on('end', () => response.end(JSON.stringify({ singleFile: { receipt: 'r', size: file.bytes, fileChecksum: file.checksum } })));
};
const answersAtOnce =
  (status: number, headers: Record<string, string> = {}): Reply =>
  (_, response) =>
    void response.writeHead(status, headers).end('{}');
const hangsUp: Reply = (request) => void request.once('data', () => request.socket.destroy());

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mp-sender-'));
  const at = path.join(folder, 'movie.mov');
  await writeFile(at, randomBytes(20_000_000));
  file = { path: at, name: 'movie.mov', modifiedAt: new Date(), ...(await contentOf(at)) };
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(async () => {
  script = [];
  received = [];
  time = 0;
  transport = new Transport();
  server = createServer((request, response) => {
    received.push({ url: request.url ?? '', bytes: 0, headers: request.headers });
    (script.shift() ?? takes)(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  await transport.close();
  server.closeAllConnections();
  server.close();
});

const send = async (options: { signal?: AbortSignal; progress?: (bytes: number) => void } = {}): Promise<Receipt> => {
  const service = new Reserving();
  const sender = new Sender(service, new UploadCalls(service, primary), clock);
  return await withRegularFile(file.path, 'library', async (opened) => await sender.send(file, opened, options));
};

it('sends the bytes with their number, and neither cookie nor origin', async () => {
  expect(await send()).toMatchObject({ receipt: 'r' });
  expect(received).toMatchObject([{ url: '/1', bytes: file.bytes, headers: { 'content-length': String(file.bytes) } }]);
  expect(Object.keys(received[0]?.headers ?? {})).not.toEqual(expect.arrayContaining(['cookie']));
  expect(received[0]?.headers).not.toHaveProperty('origin');
});

it.each<[string, Reply[], string[]]>([
  ['is refused before it has said half of it', [answersAtOnce(410)], ['/1', '/2']],
  ['is told to come later before it has said half of it', [answersAtOnce(503, { 'retry-after': '30' })], ['/1', '/1']],
  ['is hung up on', [hangsUp, hangsUp], ['/1', '/2', '/3']],
])('begins anew when it %s', async (_, replies, urls) => {
  script = replies;
  expect(await send()).toMatchObject({ receipt: 'r' });
  // A connection that breaks while a refusal is on its way hides it: then the next address is asked.
  expect(received.length).toBeGreaterThanOrEqual(urls.length);
  expect(received.at(-1)?.bytes).toBe(file.bytes);
});

it('reads no more of the file than the host takes', async () => {
  let sent = 0;
  const stop = new AbortController();
  script = [(request) => void request.pause()];
  const sending = send({ signal: stop.signal, progress: (bytes) => (sent = bytes) });
  const ended = expect(sending).rejects.toThrow('enough');
  let before = -1;
  while (sent === 0 || sent !== before) {
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(sent).toBeLessThan(file.bytes / 2);
  stop.abort(new Error('enough'));
  await ended;
});
