import { AddressOpener } from './content/address-opener';
import { Downloader } from '../download/downloader';
import type { CloudResource } from '../photos/types';

/** Downloads one resource into a part file, saying how far it is; a test kills it meanwhile. */
const { resource, part } = JSON.parse(process.argv[2] ?? '') as { resource: CloudResource; part: string };
const say = (line: object) => void process.stdout.write(`${JSON.stringify(line)}\n`);

void (async () => {
  const opener = new AddressOpener();
  const result = await new Downloader(opener).download(resource, part, { freshUrl: () => Promise.reject(new Error('not asked for')), progress: (bytes) => say({ bytes }) });
  say({ result });
  await opener.close();
})();
