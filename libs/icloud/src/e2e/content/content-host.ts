import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { CloudResource } from '../../photos/types';
import { contentHash } from '../../download/content-hash';
import { AddressOpener } from './address-opener';

export type Reply = (request: IncomingMessage, response: ServerResponse, content: Buffer) => void;

/** As a content host should. */
export const good: Reply = (request, response, content) => {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? -1);
  if (from >= content.length) response.writeHead(416).end();
  else if (from >= 0) response.writeHead(206, { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}`, 'content-length': content.length - from }).end(content.subarray(from));
  else response.writeHead(200, { 'content-length': content.length, 'content-type': 'image/jpeg' }).end(content);
};

/** A content host on loopback that answers from a script, and well when that is over; and the signed-in access that knows only how to open an address. */
export class ContentHost extends AddressOpener {
  readonly asked: { url: string; range: string | undefined }[] = [];
  script: Reply[] = [];
  otherwise: Reply = good;
  #fresh = 0;

  private constructor(
    private readonly server: Server,
    readonly content: Buffer,
  ) {
    super();
    server.on('request', (asked: IncomingMessage, response: ServerResponse) => {
      this.asked.push({ url: asked.url ?? '', range: asked.headers.range });
      (this.script.shift() ?? this.otherwise)(asked, response, this.content);
    });
  }

  static async start(content: Buffer): Promise<ContentHost> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ContentHost(server, content);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get resource(): CloudResource {
    const hash = contentHash();
    hash.update(this.content);
    return { role: 'original', key: 'resOriginal', bytes: this.content.length, checksum: hash.digest().checksum, type: 'public.jpeg', url: `${this.url}/listed/\${f}` };
  }

  readonly freshUrl = async (): Promise<string> => `${this.url}/fresh-${(this.#fresh += 1)}/\${f}`;

  override async close(): Promise<void> {
    await super.close();
    this.server.closeAllConnections();
    this.server.close();
  }
}
