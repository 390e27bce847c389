// A local iCloud in a process of its own, so that what is measured shares no event loop with it. Usage: cloud-server.mjs '{"files":DIR}' | '{"synthetic":N}' | '{"indexingMs":N}'
// Prints {"endpoints","pageUrl","username","password"}; then, for each line on stdin: "traffic" how many requests there have been, "urls N BYTES" addresses for
// the bytes of N files, "copies" how often it has each content that was uploaded.
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { root } from './pipeline.mjs';

const { LocalICloud } = createRequire(import.meta.url)(path.join(root, 'dist/libs/local-icloud/src/index.js'));
const { files, synthetic, indexingMs } = JSON.parse(process.argv[2] ?? '{}');
const cloud = await LocalICloud.start({ account: { secondFactor: false, iterations: 1_000 } });
if (files) await cloud.library.addFromFolder(files);
if (synthetic) cloud.library.addSynthetic(synthetic, { mix: { live: 0.3, video: 0.1, edited: 0.1 } });
if (indexingMs !== undefined) cloud.uploads.indexingMs = { least: indexingMs, most: indexingMs };
process.stdout.write(`${JSON.stringify({ endpoints: cloud.endpoints, pageUrl: cloud.pageUrl, username: cloud.account.username, password: cloud.account.password })}\n`);
const answers = {
  traffic: () => cloud.traffic.requests.length,
  urls: (count, bytes) => Array.from({ length: Number(count) }, () => cloud.uploads.reservations.open(cloud.url, 'bench', { uuid: randomUUID(), zone: 'PrimarySync', bytes: Number(bytes) })),
  copies: () => [...cloud.uploads.copies().values()],
};
for await (const line of createInterface({ input: process.stdin })) {
  const [word, ...rest] = line.split(' ');
  process.stdout.write(`${JSON.stringify(answers[word](...rest))}\n`);
}
await cloud.close();
