// node stand-in.mjs PHOTOS: the local iCloud with PHOTOS as the library of a made-up account, for as long as stdin is open.
// stdout: one JSON object a line. {"event":"ready"}, {"event":"code"} for what a phone would show, and for each line on stdin {"event":"counts"}.
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { root } from '../setup/shell.mjs';

const { LocalICloud } = createRequire(import.meta.url)(path.join(root, 'dist', 'libs', 'local-icloud', 'src', 'index.js'));
const say = (line) => void process.stdout.write(`${JSON.stringify(line)}\n`);

// The same seed gives the photos the same names in every demonstration: the second one finds them in its library.
const cloud = await LocalICloud.start({ seed: 1, log: say });
const assets = await cloud.library.addFromFolder(process.argv[2]);
// Apple takes 14 to 20 seconds until it shows what was uploaded.
cloud.uploads.indexingMs = { least: 500, most: 2_000 };
const { username, password } = cloud.account;
say({ event: 'ready', url: cloud.url, endpoints: cloud.endpoints, pageUrl: cloud.pageUrl, username, password, assets: assets.length });

// Whoever started it is gone, however it ended, when stdin ends.
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'counts') say({ event: 'counts', downloads: cloud.traffic.requests.filter(({ path: asked, status }) => isDownload(asked) && (status === 200 || status === 206)).length, signIns: cloud.account.signIns, uploads: [...cloud.uploads.copies().values()] });
}
await cloud.close();

/** Photos come from signed addresses of the content host. */
function isDownload(asked) {
  return asked.startsWith('/B/');
}
