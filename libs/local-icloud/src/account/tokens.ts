import { createHash } from 'node:crypto';
import type { Clock } from '../clock';
import { newToken } from './contexts';

/** X-Apple-Session-Token: what accountLogin takes as dsWebAuthToken. `partial`: the password was right, the second factor is still out. */
interface LoginToken {
  readonly level: 'partial' | 'full';
  readonly at: number;
}

interface WebSession {
  readonly tokens: Map<string, number>;
  /** Pending: terms are not accepted, or the second factor is out; nothing but repairing and signing in goes. */
  readonly pending: boolean;
}

/** What was handed out and still counts: login tokens, trust tokens, and the cookies of web sessions. */
export class Tokens {
  private readonly login = new Map<string, LoginToken>();
  private readonly trust = new Map<string, number>();
  private sessions: WebSession[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly lifetimes: () => { session: number; login: number; trust: number },
  ) {}

  newLoginToken(level: LoginToken['level']): string {
    const token = newToken(96);
    this.login.set(token, { level, at: this.clock.now() });
    return token;
  }

  /** Null: never handed out. */
  loginLevel(token: string): LoginToken['level'] | 'expired' | null {
    const known = this.login.get(token);
    if (known === undefined) return null;
    return this.clock.now() - known.at <= this.lifetimes().login ? known.level : 'expired';
  }

  newTrustToken(): string {
    const token = `HSARMTKNSRVXWFla${newToken(120)}SRVX`;
    this.trust.set(token, this.clock.now());
    return token;
  }

  trusts(token: string): boolean {
    const at = this.trust.get(token);
    return at !== undefined && this.clock.now() - at <= this.lifetimes().trust;
  }

  get trustTokens(): string[] {
    return [...this.trust.keys()].filter((token) => this.trusts(token));
  }

  /** Opens a web session and returns the text of its cookie. */
  openSession(pending: boolean): string {
    const session: WebSession = { tokens: new Map(), pending };
    this.sessions.push(session);
    return this.tokenFor(session);
  }

  /** A further cookie for the session that `token` belongs to, or null if that is over. */
  renewSession(token: string): string | null {
    const session = this.sessionOf(token, false);
    return session === null ? null : this.tokenFor(session);
  }

  holds(token: string, options: { pending: boolean } = { pending: false }): boolean {
    return this.sessionOf(token, options.pending) !== null;
  }

  closeSession(token: string): void {
    this.sessions = this.sessions.filter((session) => !session.tokens.has(token));
  }

  /** Ends all web sessions: cookies are worth nothing, login and trust tokens still are. */
  endSessions(): void {
    this.sessions = [];
  }

  endLogins(): void {
    for (const [token, { level }] of this.login) this.login.set(token, { level, at: Number.NEGATIVE_INFINITY });
  }

  endTrust(): void {
    this.trust.clear();
  }

  private tokenFor(session: WebSession): string {
    const token = `v=2:t=${newToken(60)}~~`;
    session.tokens.set(token, this.clock.now());
    return token;
  }

  private sessionOf(token: string, pending: boolean): WebSession | null {
    for (const session of this.sessions) {
      const at = session.tokens.get(token);
      if (at !== undefined && session.pending === pending && this.clock.now() - at <= this.lifetimes().session) return session;
    }
    return null;
  }
}

/** The tail of cookie names that carry a hash of the account. */
export function accountHash(username: string): string {
  return createHash('sha1').update(username.toLowerCase()).digest('base64url').toUpperCase();
}
