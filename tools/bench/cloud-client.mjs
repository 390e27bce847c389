// One measurement of the iCloud client in a process of its own: cloud-client.mjs bare|client|listing|unchanged '<json>'. Prints one JSON line.
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { request, Agent } from 'undici';
import { peakMegabytes, root } from './pipeline.mjs';

const { ICloudAccount, PhotoLibrary, Downloader, endpointsFor } = createRequire(import.meta.url)(path.join(root, 'dist/libs/icloud/src/index.js'));
const [what, json] = process.argv.slice(2);
const { place, endpoints, username, password, atOnce, tokens } = JSON.parse(json);
const account = await ICloudAccount.open({ username, password, sessionFile: path.join(place, 'session.json'), secretsKey: null, endpoints: endpointsFor('global', endpoints) });
const photos = new PhotoLibrary(account);

async function inParallel(items, work) {
  const queue = [...items];
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  }));
}

async function listed() {
  const [zone] = await photos.zones();
  const assets = [];
  for await (const page of photos.list(zone)) assets.push(...page.assets);
  return { zone, resources: assets.flatMap((asset) => asset.resources.map((resource) => ({ resource, asset }))) };
}

/** Downloads everything into a fresh folder. @param {(item: object, file: string) => Promise<void>} fetchOne */
async function download(fetchOne) {
  const { zone, resources } = await listed();
  const folder = path.join(place, `files-${what}`);
  await mkdir(folder, { recursive: true });
  const began = performance.now();
  await inParallel(resources.map((item, index) => ({ ...item, zone, file: path.join(folder, `${index}.part`) })), fetchOne);
  const seconds = (performance.now() - began) / 1000;
  await rm(folder, { recursive: true });
  return { seconds, bytes: resources.reduce((sum, { resource }) => sum + resource.bytes, 0), files: resources.length };
}

const measures = {
  signin: async () => ({ state: (await account.signIn({ by: 'person' })).kind }),
  /** A loop that asks and writes, and checks and syncs nothing. */
  bare: async () =>
    await download(async ({ resource, file }) => {
      const { body } = await fetch(resource.url);
      await pipeline(body, createWriteStream(file));
    }),
  /** The same without the layer of fetch. */
  lean: async () => {
    const dispatcher = new Agent();
    const result = await download(async ({ resource, file }) => {
      const { body } = await request(resource.url, { dispatcher });
      await pipeline(body, createWriteStream(file));
    });
    await dispatcher.close();
    return result;
  },
  /** The client: the same, with both hashes, the comparison and the fsync of each file. */
  client: async () => {
    const downloader = new Downloader(account, { atOnce });
    return await download(async ({ resource, asset, zone, file }) => {
      await downloader.download(resource, file, { freshUrl: async () => (await photos.lookup(zone, [asset.recordName])).assets.get(asset.recordName).resources[0].url });
    });
  },
  listing: async () => {
    const began = performance.now();
    const before = process.memoryUsage().rss / 2 ** 20;
    let assets = 0;
    let token = '';
    const [zone] = await photos.zones();
    for await (const page of photos.list(zone)) {
      assets += page.assets.length;
      token = page.syncToken;
    }
    return { assets, seconds: (performance.now() - began) / 1000, before, peak: await peakMegabytes(process.pid), tokens: { database: (await photos.changedZones(null)).token, zone: token } };
  },
  unchanged: async () => {
    const began = performance.now();
    const { zones } = await photos.changedZones(tokens.database);
    return { zones: zones.length, seconds: (performance.now() - began) / 1000 };
  },
};

process.stdout.write(`${JSON.stringify(await measures[what]())}\n`);
await account.close();
