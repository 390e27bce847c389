import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { waitFor } from '@media-pipeline/testing';
import { Chromium } from './chromium';

const typescript = path.resolve(__dirname, '../../../../../tools/testing/typescript.cjs');
const options = { executable: null, headless: true, slowMoMs: 0, extraArguments: [], hosts: ['127.0.0.1'], warn: () => undefined };
const profiles = async (): Promise<string[]> => (await readdir(tmpdir())).filter((name) => name.startsWith('media-pipeline-chromium-'));

/** Processes that have this profile in their command line. */
async function processesOf(mark: string): Promise<number[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(ids.map(async (id) => ({ id: Number(id), line: await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '') })));
  return lines.filter(({ line }) => line.includes(mark)).map(({ id }) => id);
}

describe('Chromium', () => {
  let server: Server;
  let url: string;
  const asked: string[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(request.url ?? '');
      if (request.url === '/file') return void response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-disposition': 'attachment; filename=x.bin' }).end('bytes');
      response.writeHead(200, { 'content-type': 'text/html' }).end(`<title>here</title><img src="http://tracker.example:${(server.address() as AddressInfo).port}/pixel">`);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  it('opens what it may, and finds no other host', async () => {
    const before = await profiles();
    const chromium = await Chromium.launch(options);
    const { page } = await chromium.newPage();
    await page.goto(url, { waitUntil: 'load' });
    expect(await page.title()).toBe('here');
    expect(asked).not.toContain('/pixel');
    await expect(page.goto('https://example.com/')).rejects.toThrow(/ERR_NAME_NOT_RESOLVED/);
    await chromium.close();
    expect(await profiles()).toEqual(before);
    expect(chromium.connected).toBe(false);
  });

  it('is found by its path, and says when it is not there', async () => {
    await expect(Chromium.launch({ ...options, executable: '/nowhere/chromium' })).rejects.toMatchObject({ code: 'PROGRAM_FAILED' });
    await expect(Chromium.launch({ ...options, executable: '/bin/false' })).rejects.toMatchObject({ code: 'PROGRAM_FAILED' });
  });

  it('leaves no process behind when whoever started it is killed', async () => {
    const child = spawn(process.execPath, ['-r', typescript, path.join(__dirname, '../../e2e/chromium-worker.ts')], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    const profile = said.toString().trim();
    expect((await processesOf(profile)).length).toBeGreaterThan(1);
    child.kill('SIGKILL');
    await waitFor(async () => (await processesOf(profile)).length === 0, { timeoutMs: 20_000, describe: () => `Chromium with ${profile} to end` });
    await (await Chromium.launch(options)).close();
    expect(await profiles()).not.toContain(path.basename(profile));
  });
});
