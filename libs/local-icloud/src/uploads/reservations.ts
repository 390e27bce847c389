import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock } from '../clock';

/** A place for one file's bytes that createUploadUrl gave out. */
export interface Reservation {
  /** The client's own name for the file. */
  readonly uuid: string;
  readonly zone: string;
  readonly bytes: number;
  /** The time in the URL, milliseconds since the epoch. */
  readonly signedUntil: number;
  /** Earlier when a fault ends it. */
  expiresAt: number;
}

/** Upload URLs in the recorded form: the content host, a token, and when they run out. How long that takes is not known. */
export class Reservations {
  private readonly byToken = new Map<string, Reservation>();

  constructor(
    private readonly clock: Clock,
    private readonly lifetimeMs: () => number,
  ) {}

  /** @param origin scheme, host and port of the content host */
  open(origin: string, dsid: string, { uuid, zone, bytes }: Pick<Reservation, 'uuid' | 'zone' | 'bytes'>): string {
    const token = randomBytes(30).toString('base64url');
    const expiresAt = this.clock.now() + this.lifetimeMs();
    this.byToken.set(token, { uuid, zone, bytes, signedUntil: expiresAt, expiresAt });
    const query = new URLSearchParams({
      tk: token,
      ref: randomUUID(),
      c: 'com.apple.imports.fdb',
      z: 'PhotosUploadImport',
      uuid,
      dataclass: 'com.apple.Dataclass.CloudKit',
      p: '61',
      e: expiry(expiresAt),
      chunker: 'FIXED',
    });
    return `${origin}/${dsid}/singleFileUpload?${query.toString()}`;
  }

  /** What a URL's query stands for, or why it is refused. */
  judge(query: Readonly<Record<string, unknown>>): Reservation | 'forged' | 'expired' {
    const { tk, uuid, e } = query;
    const reservation = typeof tk === 'string' ? this.byToken.get(tk) : undefined;
    if (reservation === undefined || reservation.uuid !== uuid || expiry(reservation.signedUntil) !== e) return 'forged';
    return this.clock.now() < reservation.expiresAt ? reservation : 'expired';
  }

  /** Makes this URL answer 410 from now on. */
  kill(query: Readonly<Record<string, unknown>>): void {
    const { tk } = query;
    const reservation = typeof tk === 'string' ? this.byToken.get(tk) : undefined;
    if (reservation !== undefined) reservation.expiresAt = this.clock.now();
  }
}

const expiry = (at: number) => String(Math.floor(at / 1000));
