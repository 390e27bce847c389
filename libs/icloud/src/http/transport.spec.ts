import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { systemClock } from '../clock';
import { openContent } from './service-calls';
import { Transport } from './transport';

let server: Server;
let transport: Transport;
afterEach(async () => {
  await transport.close();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

async function serve(listener: RequestListener, limits = { connectMs: 2_000, silenceMs: 2_000 }): Promise<string> {
  server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  transport = new Transport(limits);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const open = async (url: string): Promise<string> => {
  const { status, body } = await openContent(transport, systemClock, url, {}, new AbortController().signal);
  return `${status} ${await text(body)}`;
};

it('reads compressed answers and each cookie by itself', async () => {
  const url = await serve((_, response) => response.writeHead(200, { 'content-encoding': 'gzip', 'set-cookie': ['a=1, b', 'c=2'], 'X-Name': 'y' }).end(gzipSync('{"a":[1]}')));
  expect(await transport.exchange({ method: 'GET', url, headers: {} })).toEqual({ status: 200, json: { a: [1] }, text: '{"a":[1]}', setCookies: ['a=1, b', 'c=2'], headers: expect.objectContaining({ 'x-name': 'y' }) });
});

it('opens new connections once the old ones are given up, without breaking what is under way', async () => {
  const url = await serve((request, response) => (request.url === '/slow' ? setTimeout(() => response.end('late'), 100) : response.end(String(request.socket.remotePort))));
  const port = async (): Promise<string> => (await transport.exchange({ method: 'GET', url, headers: {} })).text;
  const old = new Set([await port(), await port(), await port()]);
  const slow = transport.exchange({ method: 'GET', url: `${url}/slow`, headers: {} });
  transport.reset();
  expect(old).not.toContain(await port());
  expect((await slow).text).toBe('late');
});

it('names the host and the reason of a failure, never the address', async () => {
  const url = await serve((request) => request.socket.destroy());
  const failure: unknown = await transport.exchange({ method: 'POST', url: `${url}/path?dsid=12345678`, headers: { cookie: 'secret' }, body: 'secret' }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ host: '127.0.0.1', reason: 'UND_ERR_SOCKET', sent: true });
  expect(JSON.stringify([failure, String(failure)])).not.toMatch(/dsid|secret/);
});

it('does not wait for ever for a server that is silent', async () => {
  const url = await serve(() => undefined, { connectMs: 2_000, silenceMs: 200 });
  await expect(transport.exchange({ method: 'GET', url, headers: {} })).rejects.toMatchObject({ sent: true });
});

it('stops when it is told to', async () => {
  const url = await serve(() => undefined);
  await expect(transport.exchange({ method: 'GET', url, headers: {} }, AbortSignal.timeout(50))).rejects.toMatchObject({ name: 'TimeoutError' });
});

describe('a file', () => {
  it('is tried again while no answer has begun', async () => {
    let tries = 0;
    const url = await serve((request, response) => (++tries < 3 ? request.socket.destroy() : response.writeHead(206).end('bytes')));
    expect(await open(url)).toBe('206 bytes');
    tries = -100;
    await expect(open(url)).rejects.toMatchObject({ code: 'ICLOUD_UNREACHABLE' });
    expect(tries).toBe(-97);
  });

  it('comes as it is: any status, no cookies, the literal address', async () => {
    const seen: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      seen.push(request.url, request.headers.cookie);
      response.writeHead(410, { 'retry-after': '3' }).end('gone');
    });
    expect(await open(`${url}/B/x\${f}?o=1&e=2`)).toBe('410 gone');
    expect(seen[1]).toBeUndefined();
    expect(decodeURI(seen[0] ?? '')).toBe('/B/x${f}?o=1&e=2');
  });

  it('is followed where it went, within reason', async () => {
    const url = await serve((request, response) => (request.url === '/there' ? response.end('here') : response.writeHead(302, { location: request.url === '/loop' ? '/loop' : '/there' }).end()));
    expect(await open(`${url}/from`)).toBe('200 here');
    expect(await open(`${url}/loop`)).toBe('302 ');
  });
});
