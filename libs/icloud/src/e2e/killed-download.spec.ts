import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { ContentHost, good, type Reply } from './content/content-host';

const typescript = path.resolve(__dirname, '../../../../tools/testing/typescript.cjs');

it('goes on after SIGKILL in mid-download, again and again, and has every byte', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'mp-killed-'));
  const content = randomBytes(24_000_000);
  const host = await ContentHost.start(content);
  try {
    // A little at a time, so that there is a middle to be killed in.
    const slowly: Reply = (request, response, all) => {
      const from = Number(/(\d+)-/.exec(request.headers.range ?? '0-')?.[1]);
      response.writeHead(from > 0 ? 206 : 200, { 'content-length': all.length - from, ...(from > 0 && { 'content-range': `bytes ${from}-${all.length - 1}/${all.length}` }) });
      void (async () => {
        for (let at = from; at < all.length && !response.destroyed; at += 500_000) {
          response.write(all.subarray(at, at + 500_000));
          await pause(10);
        }
        response.end();
      })();
    };
    host.otherwise = slowly;
    const part = path.join(folder, '.mp-x.part');
    const start = () => {
      const child = spawn(process.execPath, ['-r', typescript, path.join(__dirname, 'download-worker.ts'), JSON.stringify({ resource: host.resource, part })], { stdio: ['ignore', 'pipe', 'inherit'] });
      return { child, lines: createInterface({ input: child.stdout }), closed: once(child, 'close') };
    };
    const sizes: number[] = [];
    for (const megabytes of [3, 9, 15]) {
      const { child, lines, closed } = start();
      lines.on('line', (line) => {
        const { bytes } = JSON.parse(line) as { bytes?: number };
        if (bytes !== undefined && bytes >= megabytes * 1_000_000) child.kill('SIGKILL');
      });
      expect((await closed)[1]).toBe('SIGKILL');
      const { size } = await stat(part);
      sizes.push(size);
      expect((await readFile(part)).equals(content.subarray(0, size))).toBe(true);
    }
    host.otherwise = good;
    const { lines, closed } = start();
    let result: unknown = null;
    lines.on('line', (line) => (result = (JSON.parse(line) as { result?: unknown }).result ?? result));
    expect((await closed)[0]).toBe(0);
    expect(result).toEqual({ sha256: createHash('sha256').update(content).digest('hex'), bytes: content.length });
    expect((await readFile(part)).equals(content)).toBe(true);
    // Each went on where the one before was killed.
    expect(host.asked.map(({ range }) => range)).toEqual([undefined, ...sizes.map((size) => `bytes=${size}-`)]);
  } finally {
    await host.close();
    await rm(folder, { recursive: true });
  }
});
