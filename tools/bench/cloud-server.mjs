// A local iCloud in a process of its own, so that what is measured shares no event loop with it. Usage: cloud-server.mjs '{"files":DIR}' | '{"synthetic":N}'
// Prints {"url","endpoints","username","password"}; then, for each line "traffic" on stdin, how many requests there have been.
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { root } from './pipeline.mjs';

const { LocalICloud } = createRequire(import.meta.url)(path.join(root, 'dist/libs/local-icloud/src/index.js'));
const { files, synthetic } = JSON.parse(process.argv[2] ?? '{}');
const cloud = await LocalICloud.start({ account: { secondFactor: false, iterations: 1_000 } });
if (files) await cloud.library.addFromFolder(files);
if (synthetic) cloud.library.addSynthetic(synthetic, { mix: { live: 0.3, video: 0.1, edited: 0.1 } });
process.stdout.write(`${JSON.stringify({ endpoints: cloud.endpoints, username: cloud.account.username, password: cloud.account.password })}\n`);
for await (const line of createInterface({ input: process.stdin })) if (line === 'traffic') process.stdout.write(`${cloud.traffic.requests.length}\n`);
await cloud.close();
