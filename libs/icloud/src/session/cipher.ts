import { createCipheriv, createDecipheriv, randomBytes, scrypt, type ScryptOptions } from 'node:crypto';
import { promisify } from 'node:util';
import { PipelineError } from '@media-pipeline/contracts';
import { z } from 'zod';

const format = 'media-pipeline icloud session';
const base64 = z.base64();
const envelope = z.discriminatedUnion('cipher', [
  z.object({ format: z.literal(format), version: z.literal(1), cipher: z.literal('none'), session: z.unknown() }),
  z.object({ format: z.literal(format), version: z.literal(1), cipher: z.literal('aes-256-gcm'), salt: base64, nonce: base64, tag: base64, data: base64 }),
]);

/** scrypt as OWASP advises for keys that a person may have made up (N = 2^15, r = 8, p = 3: 32 MiB, some 100 ms). */
const cost: ScryptOptions = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 1024 * 1024 };
const deriveKey = promisify<string, Uint8Array, number, ScryptOptions, Buffer>(scrypt);

/** Turns a session into the text of its file and back: AES-256-GCM under a key made of SECRETS_KEY, or plain JSON without one. */
export class SessionCipher {
  /** Deriving is slow on purpose: once per salt. */
  private key: { readonly salt: string; readonly derived: Promise<Buffer> } | null = null;

  constructor(private readonly secret: string | null) {}

  async seal(session: unknown): Promise<string> {
    if (this.secret === null) return `${JSON.stringify({ format, version: 1, cipher: 'none', session })}\n`;
    const salt = this.key?.salt ?? randomBytes(16).toString('base64');
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', await this.keyFor(salt, this.secret), nonce).setAAD(Buffer.from(format));
    const data = Buffer.concat([cipher.update(JSON.stringify(session), 'utf8'), cipher.final()]);
    const text = (bytes: Buffer): string => bytes.toString('base64');
    return `${JSON.stringify({ format, version: 1, cipher: 'aes-256-gcm', salt, nonce: text(nonce), tag: text(cipher.getAuthTag()), data: text(data) })}\n`;
  }

  /** @returns the session, unchecked @throws ICLOUD_SESSION_UNREADABLE */
  async open(text: string): Promise<unknown> {
    const read = envelope.safeParse(parse(text));
    if (!read.success) throw unreadable('it is no session of this program');
    const file = read.data;
    if (file.cipher === 'none') return file.session;
    if (this.secret === null) throw unreadable('it is encrypted and no SECRETS_KEY is set');
    const key = await this.keyFor(file.salt, this.secret);
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(file.nonce, 'base64')).setAAD(Buffer.from(format)).setAuthTag(Buffer.from(file.tag, 'base64'));
      return JSON.parse(Buffer.concat([decipher.update(Buffer.from(file.data, 'base64')), decipher.final()]).toString('utf8'));
    } catch {
      // The reason would say no more: GCM only tells that key and bytes do not belong together.
      throw unreadable('this SECRETS_KEY does not open it, or it was changed');
    }
  }

  private keyFor(salt: string, secret: string): Promise<Buffer> {
    if (this.key?.salt !== salt) this.key = { salt, derived: deriveKey(secret, Buffer.from(salt, 'base64'), 32, cost) };
    return this.key.derived;
  }
}

export const unreadable = (why: string): PipelineError => new PipelineError('ICLOUD_SESSION_UNREADABLE', `the iCloud session file cannot be used: ${why}`);

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
