import type { Answer } from '../http/answer';
import { Cookies } from '../http/cookies';
import type { SessionDocument } from './document';

/** Headers by which Apple hands out what must be sent back, and where it is kept (as icloudpd does). All of them rotate. */
const kept = {
  scnt: 'scnt',
  'x-apple-id-session-id': 'sessionId',
  'x-apple-auth-attributes': 'authAttributes',
  'x-apple-session-token': 'sessionToken',
  'x-apple-twosv-trust-token': 'trustToken',
  'x-apple-id-account-country': 'accountCountry',
} as const satisfies Record<string, keyof SessionDocument>;

/** A session in use: what its file says, changed by each answer. */
export class Session {
  private constructor(
    private facts: SessionDocument,
    readonly cookies: Cookies,
  ) {}

  static async of(document: SessionDocument): Promise<Session> {
    return new Session(document, await Cookies.from(document.cookies));
  }

  get document(): SessionDocument {
    return this.facts;
  }

  update(changes: Partial<SessionDocument>): void {
    this.facts = { ...this.facts, ...changes };
  }

  /** Takes in the tokens and cookies of an answer of the two services that sign in. */
  async absorb(answer: Answer, url: string): Promise<void> {
    for (const [header, name] of Object.entries(kept)) {
      const value = answer.headers[header];
      if (value !== undefined && value !== '') this.update({ [name]: value });
    }
    await this.cookies.take(answer, url);
  }

  /** The session as it is to be written. */
  async toDocument(): Promise<SessionDocument> {
    return { ...this.facts, cookies: await this.cookies.keep() };
  }
}
