import { hash, randomUUID } from 'node:crypto';
import type { Clock } from '../clock';
import type { Content } from './content';

/** The part of a signed URL's query that the signature covers. */
interface Signed {
  /** fileChecksum in URL-safe base64, from the path. */
  readonly checksum: string;
  /** When it runs out, seconds since the epoch. */
  readonly e: string;
  /** The request that gave it out: two answers never give the same URL. */
  readonly r: string;
  readonly ckz: string;
}

const urlSafe = (base64: string) => base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

/** The two values that stand beside a content's fileChecksum, in records and in the receipt of an upload. Ours are made up from it. */
export function keysOf(checksum: string): { wrappingKey: string; referenceChecksum: string } {
  const digest = hash('sha1', checksum, 'base64');
  return { wrappingKey: `${digest.slice(0, 22)}==`, referenceChecksum: `A${digest.slice(0, 27)}` };
}

/**
 * Gives out and judges download URLs. Their form is the recorded one: `/B/<fileChecksum><referenceChecksum>/${f}?o=…&e=<expiry>&…&s=<signature>`,
 * where `${f}` stands for a file name that the client may put in. Clients report lifetimes of 30 to 40 minutes.
 */
export class UrlSigner {
  lifetimeMs = 35 * 60 * 1000;
  /** URLs that were refused as expired stay refused: asking again for the same one never helps. */
  private readonly dead = new Set<string>();

  constructor(
    private readonly secret: string,
    private readonly clock: Clock,
  ) {}

  /** Signs every URL of one answer. @param origin scheme, host and port */
  forAnswer(origin: string, zone: string): (content: Content) => Record<string, string | number> {
    const request = randomUUID();
    const e = String(Math.floor((this.clock.now() + this.lifetimeMs) / 1000));
    let nth = 0;
    return (content) => {
      nth += 1;
      const checksum = urlSafe(content.checksum);
      const r = `${request}-${String(nth)}`;
      const s = this.signature({ checksum, e, r, ckz: zone });
      const digest = hash('sha1', content.checksum, 'base64');
      const { wrappingKey, referenceChecksum } = keysOf(content.checksum);
      const query = `o=${urlSafe(`B${digest.slice(0, 27)}`)}&v=1&x=3&a=${urlSafe(wrappingKey)}&e=${e}&k=${urlSafe(wrappingKey)}&fl=&r=${r}&ckc=com.apple.photos.cloud&ckz=${zone}&y=1&p=61&s=${s}`;
      return {
        fileChecksum: content.checksum,
        size: content.bytes,
        wrappingKey,
        referenceChecksum,
        downloadURL: `${origin}/B/${checksum}${urlSafe(referenceChecksum)}/\${f}?${query}`,
      };
    };
  }

  /** @returns the fileChecksum that the URL stands for, or why it is refused */
  judge(id: string, query: Readonly<Record<string, unknown>>): { checksum: string } | 'forged' | 'expired' {
    const checksum = id.slice(0, 28);
    const { e, r, ckz, s } = query;
    if (typeof e !== 'string' || typeof r !== 'string' || typeof ckz !== 'string' || typeof s !== 'string') return 'forged';
    if (this.signature({ checksum, e, r, ckz }) !== s) return 'forged';
    if (Number(e) * 1000 <= this.clock.now() || this.dead.has(s)) return 'expired';
    return { checksum: checksum.replaceAll('-', '+').replaceAll('_', '/') };
  }

  /** Makes this URL answer 410 from now on. */
  kill(query: Readonly<Record<string, unknown>>): void {
    if (typeof query['s'] === 'string') this.dead.add(query['s']);
  }

  private signature({ checksum, e, r, ckz }: Signed): string {
    return hash('sha1', `${this.secret} ${checksum} ${e} ${r} ${ckz}`, 'base64url');
  }
}
