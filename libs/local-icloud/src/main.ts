import { parseArgs } from 'node:util';
import { LocalICloud } from './server';

const usage = `local-icloud: a stand-in for Apple's iCloud on this machine
  --port N        default: a free one
  --host ADDRESS  default: 127.0.0.1
  --photos DIR    a folder whose photos and videos are put into the library
  --username NAME --password TEXT
  --with-parent   stop when standard input ends, as it does when the process that started this one is gone
Prints one JSON object a line: {"event":"ready",...}, then {"event":"code",...} for every code the devices show.
`;

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      host: { type: 'string', default: '127.0.0.1' },
      photos: { type: 'string' },
      username: { type: 'string' },
      password: { type: 'string' },
      'with-parent': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`--port ${values.port} is no port`);
  const account = {
    ...(values.username === undefined ? {} : { username: values.username }),
    ...(values.password === undefined ? {} : { password: values.password }),
  };
  const cloud = await LocalICloud.start({ port, host: values.host, account, log: say });
  const assets = values.photos === undefined ? [] : await cloud.library.addFromFolder(values.photos);
  let closing = false;
  const close = (): void => {
    if (closing) return;
    closing = true;
    process.stdin.pause();
    void cloud.close();
  };
  process.once('SIGINT', close);
  process.once('SIGTERM', close);
  if (values['with-parent']) process.stdin.resume().once('end', close);
  say({ event: 'ready', url: cloud.url, page: cloud.pageUrl, endpoints: cloud.endpoints, username: cloud.account.username, assets: assets.length });
}

main().catch((error: unknown) => {
  process.stderr.write(`local-icloud: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
