import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../clock';

/** An SRP exchange between init and complete. */
export interface PendingProof {
  readonly c: string;
  readonly name: string;
  readonly clientPublic: bigint;
  readonly secret: bigint;
  readonly serverPublic: bigint;
}

/** One sign-in as idmsa remembers it: what scnt and X-Apple-ID-Session-Id stand for. */
export interface SignInContext {
  scnt: string;
  readonly former: Set<string>;
  /** Handed out from signin/complete on. */
  sessionId: string | null;
  touchedAt: number;
  proof: PendingProof | null;
  /** none → password (409, code needed) → verified. */
  level: 'none' | 'password' | 'verified';
  repairNeeded: boolean;
  escrowNeeded: boolean;
  keysNeeded: boolean;
  wrongCodes: number;
  codesSent: number;
}

/**
 * The sign-ins under way. Both headers rotate: each answer that is not an error hands out new values. By default only the newest are
 * taken, which is stricter than Apple: icloudpd's SMS way does not read the headers of every answer and yet works.
 */
export class SignInContexts {
  private readonly all = new Set<SignInContext>();

  constructor(
    private readonly clock: Clock,
    private readonly rules: () => { lifetimeMs: number; taken: 'newest' | 'any' },
  ) {}

  open(): SignInContext {
    const context: SignInContext = {
      scnt: newToken(),
      former: new Set(),
      sessionId: null,
      touchedAt: this.clock.now(),
      proof: null,
      level: 'none',
      repairNeeded: false,
      escrowNeeded: false,
      keysNeeded: false,
      wrongCodes: 0,
      codesSent: 0,
    };
    this.all.add(context);
    return context;
  }

  /** The sign-in whose newest headers these are; `none` when neither was sent, `stale` when they are not the newest of any. */
  present(headers: IncomingHttpHeaders): SignInContext | 'none' | 'stale' {
    const scnt = headers['scnt'];
    const sessionId = headers['x-apple-id-session-id'];
    if (scnt === undefined && sessionId === undefined) return 'none';
    for (const context of this.all) {
      if (!this.matches(context, single(scnt), single(sessionId))) continue;
      if (this.clock.now() - context.touchedAt > this.rules().lifetimeMs) {
        this.all.delete(context);
        return 'stale';
      }
      return context;
    }
    return 'stale';
  }

  byProof(c: string): SignInContext | null {
    for (const context of this.all) if (context.proof?.c === c) return context;
    return null;
  }

  /** Whether the request can be of this sign-in: it sends nothing else, or one of its values, new or old. */
  mayBe(context: SignInContext, headers: IncomingHttpHeaders): boolean {
    const scnt = single(headers['scnt']);
    return scnt === null || context.scnt === scnt || context.former.has(scnt);
  }

  rotate(context: SignInContext, withSessionId: boolean): void {
    context.former.add(context.scnt);
    if (context.sessionId !== null) context.former.add(context.sessionId);
    context.scnt = newToken();
    if (withSessionId) context.sessionId = randomUUID().replaceAll('-', '').toUpperCase();
    context.touchedAt = this.clock.now();
  }

  private matches(context: SignInContext, scnt: string | null, sessionId: string | null): boolean {
    if (context.scnt === scnt && context.sessionId === sessionId) return true;
    return this.rules().taken === 'any' && scnt !== null && (context.scnt === scnt || context.former.has(scnt));
  }
}

function single(header: string | string[] | undefined): string | null {
  return (Array.isArray(header) ? header[0] : header) ?? null;
}

export function newToken(bytes = 48): string {
  return randomBytes(bytes).toString('base64');
}
