import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { Clock } from '../clock';
import { endpointsFor } from '../endpoints';
import { silent } from '../log';
import { SessionCipher } from '../session/cipher';
import type { SessionDocument } from '../session/document';
import { Session } from '../session/session';
import { SessionStore } from '../session/store';
import { ServiceCalls } from './service-calls';
import { Transport } from './transport';
import { WebClient } from './web-client';

const username = 'jane@example.com';
const neverRecover = async (): Promise<Session> => await Promise.reject(new Error('no new session is expected'));
let folder: string;
let server: Server;
let url: string;
let transport: Transport;
let time = 0;
const clock: Clock = { now: () => time, sleep: async (ms) => void (time += await Promise.resolve(ms)) };

beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'mp-calls-'))));
afterEach(async () => {
  await transport.close();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  await rm(folder, { recursive: true, force: true });
});

async function serve(listener: RequestListener): Promise<{ store: SessionStore; calls: ServiceCalls; session: Session }> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  transport = new Transport();
  const store = new SessionStore(path.join(folder, 'session'), username, new SessionCipher(null));
  const calls = new ServiceCalls(new WebClient(transport, clock, silent), endpointsFor('global'), clock, store, silent);
  const session = await Session.of(await save(store, { login: 'first', state: 'signed_in', account: { dsid: '1', services: { ckdatabasews: `${url}/` }, dataProtected: false } }));
  return { store, calls, session };
}
const save = async (store: SessionStore, changes: Partial<SessionDocument>): Promise<SessionDocument> =>
  await store.exclusively(undefined, async ({ document, save: write }) => await write({ ...document, ...changes }));
const cookieIn = ({ cookies }: SessionDocument): unknown => (cookies === null ? null : (JSON.parse(cookies) as { cookies: { value: string }[] }).cookies[0]?.value);

it('sends what the web page sends', async () => {
  const seen: unknown[] = [];
  const { calls, session } = await serve((request, response) => {
    void text(request).then((body) => {
      seen.push(request.method, new URL(request.url ?? '', url).pathname, Object.fromEntries(new URL(request.url ?? '', url).searchParams), request.headers['content-type'], request.headers.origin, body);
      response.end('{}');
    });
  });
  await calls.call(session, 'ckdatabasews', '/database/1/x', { query: { remapEnums: 'true' }, body: { a: 1 } }, neverRecover);
  const { clientId } = session.document;
  expect(seen).toEqual(['POST', '/database/1/x', expect.objectContaining({ clientId, dsid: '1', remapEnums: 'true' }), 'text/plain', 'https://www.icloud.com', '{"a":1}']);
});

it('keeps cookies that were renewed', async () => {
  const { store, calls, session } = await serve((_, response) => response.writeHead(200, { 'set-cookie': 'token=renewed;Path=/' }).end('{}'));
  await calls.call(session, 'ckdatabasews', '/x', { body: {} }, neverRecover);
  await calls.settle(session);
  expect(cookieIn(await store.read())).toBe('renewed');
  expect(session.document.generation).toBe((await store.read()).generation);
});

it('does not put the cookies of an older session into a newer one', async () => {
  const { store, calls, session } = await serve((_, response) => response.writeHead(200, { 'set-cookie': 'token=older;Path=/' }).end('{}'));
  await calls.call(session, 'ckdatabasews', '/x', { body: {} }, neverRecover);
  await save(store, { login: 'second', cookies: JSON.stringify({ cookies: [{ value: 'newer' }] }) });
  await calls.settle(session);
  expect(cookieIn(await store.read())).toBe('newer');
});

it('has all calls wait when one of them was told to', async () => {
  const asked: number[] = [];
  const { calls, session } = await serve((_, response) => (asked.push(time) === 1 ? response.writeHead(503, { 'retry-after': '3000' }).end() : response.end('{}')));
  time = 0;
  await expect(calls.call(session, 'ckdatabasews', '/x', { body: {} }, neverRecover)).rejects.toMatchObject({ code: 'ICLOUD_RATE_LIMITED', until: 3_000_000 });
  await expect(calls.call(session, 'ckdatabasews', '/y', { body: {} }, neverRecover)).rejects.toMatchObject({ code: 'ICLOUD_RATE_LIMITED', until: 3_000_000 });
  time = 2_950_000;
  await calls.call(session, 'ckdatabasews', '/y', { body: {} }, neverRecover);
  expect(asked).toEqual([0, 3_000_000]);
});

it('waits as long as a body says that words no header', async () => {
  let tries = 0;
  const { calls, session } = await serve((_, response) => (++tries === 1 ? response.writeHead(503).end('{"serverErrorCode":"THROTTLED","retryAfter":45}') : response.end('{"ok":true}')));
  time = 0;
  expect(await calls.call(session, 'ckdatabasews', '/x', { body: {} }, neverRecover)).toEqual({ ok: true });
  expect(time).toBeGreaterThanOrEqual(45_000);
});

it('gives back an error that CloudKit words, and takes no page for an answer', async () => {
  const { calls, session } = await serve((request, response) => (request.url?.startsWith('/denied') ? response.writeHead(403).end('{"serverErrorCode":"ACCESS_DENIED"}') : response.writeHead(200, { 'content-type': 'text/html' }).end('<html>secret</html>')));
  expect(await calls.call(session, 'ckdatabasews', '/denied', { body: {} }, neverRecover)).toEqual({ serverErrorCode: 'ACCESS_DENIED' });
  const failure: unknown = await calls.call(session, 'ckdatabasews', '/page', { body: {} }, neverRecover).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'ICLOUD_ANSWER_UNKNOWN', message: 'ckdatabasews/page: HTTP 200, a body that is no JSON (text/html)' });
});

it('asks for a new session once, and for no other one', async () => {
  const { calls, session, store } = await serve((_, response) => response.writeHead(450).end());
  const asked: (string | null)[] = [];
  const recover = async (login: string | null): Promise<Session> => {
    asked.push(login);
    return await Session.of(await save(store, { login: 'second' }));
  };
  await expect(calls.call(session, 'ckdatabasews', '/x', { body: {} }, recover)).rejects.toMatchObject({ code: 'ICLOUD_ANSWER_UNKNOWN' });
  expect(asked).toEqual(['first']);
});
