import type { Clock } from '../clock';
import { LocalICloud } from '../server';
import { WebClient } from './web-client';

/** Gives each test of a spec file a local iCloud of its own, and a client that has not signed in. */
export function eachWithItsOwnICloud(clock: Clock, opened: (pair: { cloud: LocalICloud; client: WebClient }) => void): void {
  let cloud: LocalICloud;
  let client: WebClient;
  beforeEach(async () => {
    cloud = await LocalICloud.start({ clock, account: { iterations: 1000 } });
    client = new WebClient(cloud);
    opened({ cloud, client });
  });
  afterEach(async () => {
    await client.close();
    await cloud.close();
  });
}
