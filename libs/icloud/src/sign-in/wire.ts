import type { Repeat, Patience } from '../http/retry';
import type { WebRequest } from '../http/transport';
import type { Sent, WebClient } from '../http/web-client';
import type { Clock } from '../clock';
import type { ICloudEndpoints } from '../endpoints';
import type { ICloudLog } from '../log';
import type { SessionDocument } from '../session/document';
import type { Session } from '../session/session';

/** Somebody may be waiting at a terminal, and other processes wait for the lock: signing in gives up sooner than a download would. */
const patience: Patience = { tries: 4, longestWaitMs: 30_000, totalWaitMs: 60_000 };

/** What the steps of signing in share: one session, how requests go out for it, and how it is written down. */
export interface SignInTools {
  readonly web: WebClient;
  readonly clock: Clock;
  readonly log: ICloudLog;
  readonly endpoints: ICloudEndpoints;
  readonly session: Session;
  /** Writes the session as it is now. */
  readonly save: () => Promise<void>;
  readonly signal: AbortSignal | undefined;
}

/** Sends requests in the name of a session: with its cookies and its latest tokens, and takes in what each answer brings. */
export class Wire {
  constructor(readonly tools: SignInTools) {}

  get document(): SessionDocument {
    return this.tools.session.document;
  }

  update(changes: Partial<SessionDocument>): void {
    this.tools.session.update(changes);
  }

  /** @param step what it is for, in words @throws RateLimited, ICLOUD_UNREACHABLE, the signal's reason */
  async send(step: string, build: (endpoints: ICloudEndpoints, session: SessionDocument) => WebRequest, repeat: Repeat = 'freely'): Promise<Sent> {
    const { web, endpoints, session, signal } = this.tools;
    const withCookies = async (): Promise<WebRequest> => {
      const request = build(endpoints, session.document);
      const cookie = await session.cookies.headerFor(request.url);
      return cookie === undefined ? request : { ...request, headers: { ...request.headers, cookie } };
    };
    return await web.send(withCookies, { step, repeat, patience, signal, onAnswer: async (answer, { url }) => await session.absorb(answer, url) });
  }

  /** Throws away what the identity service knows us by, so that it starts from nothing; the trust stays. */
  async forgetContext(): Promise<void> {
    this.update({ scnt: null, sessionId: null, authAttributes: null });
    await this.tools.session.cookies.forgetHost(this.tools.endpoints.auth);
  }
}
