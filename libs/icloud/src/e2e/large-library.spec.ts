import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { PhotoLibrary } from '..';
import { scenario } from './scene';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What is alive, in MB. */
function alive(): number {
  collect();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return (heapUsed + external + arrayBuffers) / 1_000_000;
}

it(
  'lists 100,000 assets in bounded memory, and sees in two requests that nothing has changed',
  scenario({}, async (scene) => {
    const { icloud } = scene;
    icloud.library.addSynthetic(100_000);
    const photos = new PhotoLibrary(await scene.signedIn(), { clock: scene.clientClock });
    const zone = (await photos.zones())[0]!;
    const { token } = await photos.changedZones(null);
    icloud.traffic.clear();

    const before = alive();
    let peak = before;
    let assets = 0;
    let pages = 0;
    let syncToken = '';
    const began = performance.now();
    for await (const page of photos.list(zone)) {
      assets += page.assets.length;
      syncToken = page.syncToken;
      if (++pages % 100 === 0) {
        peak = Math.max(peak, alive());
        icloud.traffic.clear(); // the server's own book is not ours to pay for
      }
    }
    const seconds = (performance.now() - began) / 1000;
    process.stdout.write(`100,000 assets in ${pages} pages, ${seconds.toFixed(1)} s (server included); alive at the beginning ${before.toFixed(0)} MB, at most ${peak.toFixed(0)} MB\n`);
    expect(assets).toBe(100_000);
    // 100,000 assets kept would be far over this; the names' fingerprints are 6 MB at most.
    expect(peak - before).toBeLessThan(60);

    icloud.traffic.clear();
    const looked = performance.now();
    const changed = await photos.changedZones(token);
    expect(changed.zones).toEqual([]);
    const changes: unknown[] = [];
    for await (const page of photos.changes(zone, syncToken)) changes.push(...page.changes);
    process.stdout.write(`unchanged: ${icloud.traffic.requests.length} requests, ${(performance.now() - looked).toFixed(0)} ms\n`);
    expect(changes).toEqual([]);
    expect(icloud.traffic.requests.length).toBeLessThanOrEqual(3);
  }),
  180_000,
);
