import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { LocalAccount, registerAccount } from './account';
import type { AccountSettings } from './account';
import { acceptBodies } from './bodies';
import { SystemClock } from './clock';
import type { Clock } from './clock';
import { FaultBoard } from './faults';
import { registerInterruptions } from './interruptions';
import { LocalPage, registerPage, signInWidget } from './page';
import { LocalLibrary, registerPhotos } from './photos';
import { Traffic } from './traffic';
import { LocalUploads, registerUploads } from './uploads';

export interface LocalICloudOptions {
  /** 0 or absent: a free one. */
  readonly port?: number;
  readonly host?: string;
  readonly clock?: Clock;
  /** Of the faults' probabilities and of everything made up. */
  readonly seed?: number;
  readonly account?: Partial<AccountSettings>;
  /** Told what a person at the devices would see: `{event: 'code', via, code}`. */
  readonly log?: (line: object) => void;
}

/** The stand-in for Apple's servers: every service on one port of this machine. */
export class LocalICloud {
  readonly endpoints: { readonly auth: string; readonly setup: string };
  /** Where a browser finds Photos, and the sign-in before it. */
  readonly pageUrl: string;

  private constructor(
    private readonly app: FastifyInstance,
    readonly url: string,
    readonly clock: Clock,
    readonly account: LocalAccount,
    readonly library: LocalLibrary,
    readonly uploads: LocalUploads,
    readonly page: LocalPage,
    readonly faults: FaultBoard,
    readonly traffic: Traffic,
  ) {
    this.endpoints = { auth: `${url}/appleauth/auth`, setup: `${url}/setup/ws/1` };
    this.pageUrl = `${url}/photos/`;
  }

  static async start(options: LocalICloudOptions = {}): Promise<LocalICloud> {
    const clock = options.clock ?? new SystemClock();
    const faults = new FaultBoard(options.seed);
    const traffic = new Traffic();
    const account = new LocalAccount(options.account ?? {}, clock, options.log);
    const library = new LocalLibrary({ clock, ...(options.seed === undefined ? {} : { seed: options.seed }) });
    const uploads = new LocalUploads(clock, options.seed);
    const page = new LocalPage();
    let url = '';
    const origin = (): string => url;

    const app = Fastify({ forceCloseConnections: true, routerOptions: { ignoreTrailingSlash: true } });
    acceptBodies(app);
    app.addHook('onResponse', async (request, reply) => {
      traffic.add({ method: request.method, path: request.url, status: reply.statusCode, at: clock.now() });
    });
    registerInterruptions(app, faults, (method, path) => {
      traffic.add({ method, path, status: 0, at: clock.now() });
    });
    const requireSession = registerAccount(app, { account, clock, faults, origin, widget: () => signInWidget(account, page) });
    registerPhotos(app, { library, faults, requireSession, origin });
    registerUploads(app, { uploads, library, faults, clock, requireSession, origin, dsid: () => account.dsid, endSession: () => account.expireSession() });
    registerPage(app, page);
    await app.listen({ port: options.port ?? 0, host: options.host ?? '127.0.0.1' });
    const address = app.server.address() as AddressInfo;
    url = `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${String(address.port)}`;
    return new LocalICloud(app, url, clock, account, library, uploads, page, faults, traffic);
  }

  async close(): Promise<void> {
    await this.app.close();
  }
}
