import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import type { FastifyInstance, preHandlerAsyncHookHandler } from 'fastify';
import { acceptBodies } from './bodies';
import { SystemClock } from './clock';
import type { Clock } from './clock';
import { FaultBoard } from './faults';
import { Traffic } from './traffic';

/** What the photo routes are given: `registerPhotos(app, parts)` of ./photos. */
export interface ServiceParts {
  readonly clock: Clock;
  readonly faults: FaultBoard;
  /** Answers 421 unless the request carries the cookies and the dsid that accountLogin gave out. */
  readonly requireSession: preHandlerAsyncHookHandler;
  /** Scheme, host and port of this server; known once it listens, so ask when answering. */
  readonly origin: () => string;
}

export interface LocalICloudOptions {
  readonly port?: number;
  readonly host?: string;
  readonly clock?: Clock;
  /** Of the faults' probabilities and of everything made up. */
  readonly seed?: number;
  readonly log?: (line: object) => void;
}

/** The stand-in for Apple's servers: every service on one port of this machine. */
export class LocalICloud {
  private constructor(
    private readonly app: FastifyInstance,
    readonly url: string,
    readonly clock: Clock,
    readonly faults: FaultBoard,
    readonly traffic: Traffic,
  ) {}

  static async start(options: LocalICloudOptions = {}): Promise<LocalICloud> {
    const clock = options.clock ?? new SystemClock();
    const faults = new FaultBoard(options.seed);
    const traffic = new Traffic();
    const app = Fastify({ forceCloseConnections: true });
    acceptBodies(app);
    let origin = '';
    // registerPhotos(app, { library, clock, faults, requireSession, origin: () => origin })
    await app.listen({ port: options.port ?? 0, host: options.host ?? '127.0.0.1' });
    const address = app.server.address() as AddressInfo;
    origin = `http://${address.address}:${String(address.port)}`;
    return new LocalICloud(app, origin, clock, faults, traffic);
  }

  async close(): Promise<void> {
    await this.app.close();
  }
}
