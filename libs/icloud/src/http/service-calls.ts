import { PipelineError } from '@media-pipeline/contracts';
import type { Clock } from '../clock';
import type { ICloudEndpoints } from '../endpoints';
import type { ICloudLog } from '../log';
import type { ContentAnswer, ContentResponse, ContentToSend, ServiceRequest, WebService } from '../service';
import type { Session } from '../session/session';
import type { SessionStore } from '../session/store';
import { pageHeaders, pageQuery, userAgent } from '../sign-in/headers';
import { property, type Answer } from './answer';
import { decide, retryAfterMs, type Patience } from './retry';
import { judge } from './service-answer';
import { Dropped, type Transport } from './transport';
import { UnexpectedAnswer } from './unexpected-answer';
import { RateLimited, type WebClient } from './web-client';

const patience: Patience = { tries: 6, longestWaitMs: 120_000, totalWaitMs: 300_000 };
/** Apple renews cookies with many answers; a file need not be written for each. */
const keepCookiesEveryMs = 60_000;

/** Calls of web services in the name of a session. */
export class ServiceCalls {
  /** All calls wait when one of them was told to. */
  private quietUntil = 0;
  private dirty = false;
  private keptAt = performance.now();
  private keeping: Promise<void> = Promise.resolve();

  constructor(
    private readonly web: WebClient,
    private readonly endpoints: ICloudEndpoints,
    private readonly clock: Clock,
    private readonly store: SessionStore,
    private readonly log: ICloudLog,
  ) {}

  /**
   * @param recover gives the session that takes the place of one that was refused; called at most once
   * @throws what `recover` throws; ICLOUD_PHOTOS_OFF when the account has no such service; ICLOUD_WEB_ACCESS_OFF, ICLOUD_RATE_LIMITED, ICLOUD_UNREACHABLE, ICLOUD_ANSWER_UNKNOWN
   */
  async call(first: Session, service: WebService, path: string, request: ServiceRequest, recover: (login: string | null) => Promise<Session>): Promise<unknown> {
    let session = first;
    let fresh = { connections: false, session: false };
    for (;;) {
      const { login } = session.document;
      const answer = await this.send(session, service, path, request);
      const verdict = judge(answer);
      if (verdict === 'fine') {
        if (this.dirty && performance.now() - this.keptAt > keepCookiesEveryMs) this.keep(session, request.signal);
        return answer.json;
      }
      if (verdict === 'misrouted' && !fresh.connections) {
        fresh = { ...fresh, connections: true };
        this.log.debug({ service }, 'iCloud says that a connection leads to the wrong server: opening new ones');
        this.web.transport.reset();
      } else if (verdict !== 'unknown' && !fresh.session) {
        fresh = { ...fresh, session: true };
        session = await recover(login);
      } else if (property(answer.json, 'serverErrorCode') !== undefined) {
        return answer.json;
      } else if (verdict === 'misrouted') {
        // Neither the connection nor the session is to blame: of what a 421 can mean, this is left (as icloudpd's users found).
        throw new PipelineError('ICLOUD_WEB_ACCESS_OFF', `${service}: iCloud sends even a new session away (HTTP 421), as it does when "Access iCloud Data on the Web" is off`);
      } else {
        throw new UnexpectedAnswer(`${service}${path}${fresh.session ? ' with a session that is new' : ''}`, answer);
      }
    }
  }

  /** Waits for cookies that are being written, and writes those that are not yet. */
  async settle(session: Session): Promise<void> {
    if (this.dirty) this.keep(session, AbortSignal.timeout(2_000));
    await this.keeping;
  }

  private async send(session: Session, service: WebService, path: string, { query, body, signal, once = false, beforeSend }: ServiceRequest): Promise<Answer> {
    const url = this.urlOf(session, service, path, query ?? {});
    const step = `${service}${path}`;
    const build = async (): Promise<{ method: 'POST'; url: string; headers: Record<string, string>; body: string }> => {
      await this.keepQuiet(step, signal);
      const cookie = await session.cookies.headerFor(url);
      await beforeSend?.();
      return { method: 'POST', url, headers: { ...pageHeaders(this.endpoints), ...(cookie !== undefined && { cookie }) }, body: JSON.stringify(body) };
    };
    const onAnswer = async (answer: Answer): Promise<void> => {
      const wait = answer.status === 429 || answer.status === 503 ? retryAfterMs(answer.headers['retry-after'], this.clock.now()) : null;
      if (wait !== null) this.quietUntil = Math.max(this.quietUntil, this.clock.now() + wait);
      if (await session.cookies.take(answer, url)) this.dirty = true;
    };
    return (await this.web.send(build, { step, repeat: once ? 'once' : 'freely', patience, signal, onAnswer })).answer;
  }

  /** @throws ICLOUD_RATE_LIMITED when the silence that Apple asked for is longer than is sat out */
  private async keepQuiet(step: string, signal: AbortSignal | undefined): Promise<void> {
    const waitMs = this.quietUntil - this.clock.now();
    if (waitMs > patience.longestWaitMs) throw new RateLimited(step, this.quietUntil);
    if (waitMs > 0) await this.clock.sleep(waitMs, signal);
  }

  private urlOf(session: Session, service: WebService, path: string, query: Readonly<Record<string, string>>): string {
    const { clientId, account } = session.document;
    const base = account?.services[service];
    if (account === null || base === undefined) throw new PipelineError(service === 'photosupload' ? 'ICLOUD_UPLOAD_ABSENT' : 'ICLOUD_PHOTOS_OFF', `the account has no service ${service}`);
    return `${base.replace(/\/+$/, '')}${path}?${new URLSearchParams({ ...pageQuery(clientId, account.dsid), ...query }).toString()}`;
  }

  /** Writes renewed cookies, unless the file holds another session by now. Failing costs no more than a request: the cookies before still count. */
  private keep(session: Session, signal: AbortSignal | undefined): void {
    this.dirty = false;
    this.keptAt = performance.now();
    const keep = async (): Promise<void> =>
      await this.store.exclusively(signal, async (held) => {
        if (held.document.login !== session.document.login) return;
        const { generation } = await held.save({ ...held.document, cookies: await session.cookies.keep() });
        session.update({ generation });
      });
    this.keeping = keep().catch((error: unknown) => this.log.warn({ reason: error instanceof PipelineError ? error.code : 'unknown' }, 'renewed cookies could not be kept'));
  }
}

const contentPatience: Patience = { tries: 3, longestWaitMs: 5_000, totalWaitMs: 15_000 };
const mostRedirects = 5;

/** GET of a content host. Tries again while no answer has begun; follows redirects; any other status comes back as it is. @throws ICLOUD_UNREACHABLE */
export async function openContent(transport: Transport, clock: Clock, url: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<ContentResponse> {
  let at = url;
  let redirects = 0;
  for (let tries = 1; ; tries++) {
    try {
      const { status, headers: received, body } = await transport.start({ method: 'GET', url: at, headers: { 'user-agent': userAgent, ...headers } }, signal);
      const location = received['location'];
      if (status < 301 || status > 308 || status === 304 || location === undefined || redirects++ >= mostRedirects) return { status, headers: received, body };
      body.resume();
      at = new URL(location, at).href;
      tries = 0;
    } catch (error) {
      if (!(error instanceof Dropped)) throw error;
      const decision = decide({ kind: 'dropped', sent: error.sent }, tries, 0, 'freely', contentPatience, Math.random());
      if (decision.kind !== 'again') throw new PipelineError('ICLOUD_UNREACHABLE', `fetching a file: ${error.message} (try ${tries})`);
      await clock.sleep(decision.afterMs, signal);
    }
  }
}

/** A content host may take a while to digest a large file. */
const sentSilenceMs = 5 * 60_000;

/** POST of bytes to a content host, once. @throws ICLOUD_UNREACHABLE, what the body fails with */
export async function sendContent(transport: Transport, url: string, { body, bytes }: Omit<ContentToSend, 'signal'>, signal: AbortSignal): Promise<ContentAnswer> {
  const headers = { 'user-agent': userAgent, 'content-type': 'application/octet-stream', 'content-length': String(bytes) };
  try {
    const { status, headers: received, json } = await transport.exchange({ method: 'POST', url, headers, body, silenceMs: sentSilenceMs }, signal);
    return { status, headers: received, json };
  } catch (error) {
    if (!(error instanceof Dropped)) throw error;
    throw new PipelineError('ICLOUD_UNREACHABLE', `sending a file: ${error.message}`);
  }
}
