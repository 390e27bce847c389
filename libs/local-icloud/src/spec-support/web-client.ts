import { randomUUID } from 'node:crypto';
import { Agent, Headers, request } from 'undici';
import { WIDGET_KEY } from '../account/idmsa';
import type { LocalICloud } from '../server';
import { SrpClient } from './srp-client';
import type { Challenge } from './srp-client';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** What a browser on icloud.com does, step by step and as bare as a test wants it; nothing is retried. */
export class WebClient {
  readonly cookies = new Map<string, string>();
  readonly state = `auth-${randomUUID()}`;
  scnt: string | null = null;
  sessionId: string | null = null;
  sessionToken: string | null = null;
  trustToken: string | null = null;
  country: string | null = null;
  origin: string | null = 'https://www.icloud.com';
  without: string[] = [];
  agent = new Agent({ connections: 1 });

  constructor(
    readonly cloud: LocalICloud,
    readonly username: string = cloud.account.username,
    readonly password: string = cloud.account.password,
  ) {}

  async close(): Promise<void> {
    await this.agent.close();
  }

  /** A request to idmsa with the widget's headers and the newest of the sign-in. */
  async idmsa(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const own: Record<string, string> = {
      Accept: 'application/json',
      'Content-Type': 'application/json',
      'X-Apple-OAuth-Client-Id': WIDGET_KEY,
      'X-Apple-OAuth-Client-Type': 'firstPartyAuth',
      'X-Apple-OAuth-Redirect-URI': 'https://www.icloud.com',
      'X-Apple-OAuth-Require-Grant-Code': 'true',
      'X-Apple-OAuth-Response-Mode': 'web_message',
      'X-Apple-OAuth-Response-Type': 'code',
      'X-Apple-OAuth-State': this.state,
      'X-Apple-Widget-Key': WIDGET_KEY,
      ...(this.origin === null ? {} : { Origin: this.origin }),
      ...(this.scnt === null ? {} : { scnt: this.scnt }),
      ...(this.sessionId === null ? {} : { 'X-Apple-ID-Session-Id': this.sessionId }),
      ...headers,
    };
    for (const name of this.without) Reflect.deleteProperty(own, name);
    const answer = await this.send(method, `${this.cloud.endpoints.auth}${path}`, body, own);
    this.scnt = answer.headers.get('scnt') ?? this.scnt;
    this.sessionId = answer.headers.get('X-Apple-ID-Session-Id') ?? this.sessionId;
    this.sessionToken = answer.headers.get('X-Apple-Session-Token') ?? this.sessionToken;
    this.trustToken = answer.headers.get('X-Apple-TwoSV-Trust-Token') ?? this.trustToken;
    this.country = answer.headers.get('X-Apple-ID-Account-Country') ?? this.country;
    return answer;
  }

  async setup(path: string, body?: unknown, method = 'POST'): Promise<Answer> {
    const headers = { 'Content-Type': 'text/plain', ...(this.origin === null ? {} : { Origin: this.origin }) };
    return this.send(method, `${this.cloud.endpoints.setup}${path}`, body, headers);
  }

  /** signin/init and signin/complete. */
  async signIn(options: { trustTokens?: string[]; srp?: SrpClient } = {}): Promise<Answer> {
    const srp = options.srp ?? new SrpClient(this.username.toLowerCase());
    const init = await this.idmsa('POST', '/signin/init', { a: srp.a, accountName: this.username, protocols: ['s2k', 's2k_fo'] });
    if (init.status !== 200) return init;
    return this.complete(srp, init.body as Challenge & { c: string }, options.trustTokens ?? []);
  }

  async complete(srp: SrpClient, challenge: Challenge & { c: string }, trustTokens: string[] = []): Promise<Answer> {
    const { m1, m2 } = srp.answer(this.password, challenge);
    const body = { accountName: this.username, c: challenge.c, m1, m2, rememberMe: true, trustTokens };
    return this.idmsa('POST', '/signin/complete?isRememberMeEnabled=true', body);
  }

  async submit(code: string): Promise<Answer> {
    return this.idmsa('POST', '/verify/trusteddevice/securitycode', { securityCode: { code } });
  }

  async accountLogin(changes: object = {}): Promise<Answer> {
    return this.setup('/accountLogin', {
      accountCountryCode: this.country,
      dsWebAuthToken: this.sessionToken,
      extended_login: true,
      trustToken: this.trustToken ?? '',
      ...changes,
    });
  }

  /** All of it: password, code from the device, trust, accountLogin. */
  async signInFully(): Promise<Answer> {
    await this.signIn();
    await this.idmsa('PUT', '/verify/trusteddevice/securitycode');
    await this.submit(this.cloud.account.latestCode ?? '');
    await this.idmsa('GET', '/2sv/trust');
    return this.accountLogin();
  }

  /** A request to the photo service. */
  async zones(query = `dsid=${this.cloud.account.dsid}`): Promise<Answer> {
    const url = `${this.cloud.url}/database/1/com.apple.photos.cloud/production/private/zones/list?${query}`;
    return this.send('POST', url, {}, { 'Content-Type': 'text/plain' });
  }

  /** Posts JSON to a service of the photos kind, with the cookies of the session. */
  async post(path: string, body: unknown, query = `dsid=${this.cloud.account.dsid}`): Promise<Answer> {
    return this.send('POST', `${this.cloud.url}${path}?${query}`, body, { 'Content-Type': 'text/plain' });
  }

  /** Bytes to a signed URL, without cookies. */
  async sendBytes(url: string, bytes: Uint8Array): Promise<Answer> {
    const answer = await request(url, { method: 'POST', body: bytes, dispatcher: this.agent });
    return { status: answer.statusCode, headers: new Headers(), body: await answer.body.json() };
  }

  /** Not with fetch, which asks once more by itself after a 421. */
  private async send(method: string, url: string, body: unknown, headers: Record<string, string>): Promise<Answer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await request(url, {
      method: method as 'GET' | 'POST' | 'PUT',
      headers: { ...headers, ...(cookie === '' ? {} : { Cookie: cookie }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      dispatcher: this.agent,
    });
    const received = new Headers();
    for (const [name, value] of Object.entries(answer.headers)) for (const each of [value ?? []].flat()) received.append(name, each);
    for (const line of received.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const at = pair.indexOf('=');
      if (pair.length === at + 1) this.cookies.delete(pair.slice(0, at));
      else this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    const text = await answer.body.text();
    return { status: answer.statusCode, headers: received, body: /^[{[]/.test(text) ? (JSON.parse(text) as unknown) : text };
  }
}
