import { createHash, randomBytes } from 'node:crypto';

/**
 * Sync tokens as recorded ones look: 33 bytes in base64, a version, the position as 64 bits, 64 bits that are nearly always
 * 7fffffffffffffff, and 16 bytes of the zone. Clients must treat them as opaque.
 */
const LENGTH = 33;
const ZONE = 1;
const DATABASE = 2;
const ROOM = 0x7fffffffffffffffn;

export type TokenReading = { readonly seq: number } | { readonly refused: 'Unknown sync continuation type' | 'Invalid continuation format' };

/** @param scope what the token belongs to; a token of another scope is not understood @param nth tells tokens of one position apart */
export function zoneToken(scope: string, seq: number, nth = 0): string {
  return write(ZONE, seq, ROOM - BigInt(nth), scope);
}

/** A database token; two of one position differ (clients observed them to change without any change). */
export function databaseToken(scope: string, seq: number): string {
  return write(DATABASE, seq, randomBytes(8).readBigUInt64BE(), scope);
}

/** @param last the newest position there is: a token from the future is refused */
export function readZoneToken(token: string, scope: string, last: number): TokenReading {
  return read(token, ZONE, scope, last);
}

export function readDatabaseToken(token: string, scope: string, last: number): TokenReading {
  return read(token, DATABASE, scope, last);
}

function write(kind: number, seq: number, room: bigint, scope: string): string {
  const bytes = Buffer.alloc(LENGTH);
  bytes.writeUInt8(kind, 0);
  bytes.writeBigUInt64BE(BigInt(seq), 1);
  bytes.writeBigUInt64BE(room, 9);
  digest(scope).copy(bytes, 17);
  return bytes.toString('base64');
}

function read(token: string, kind: number, scope: string, last: number): TokenReading {
  const bytes = Buffer.from(token, 'base64');
  if (bytes.length === 0 || bytes[0] !== kind) return { refused: 'Unknown sync continuation type' };
  if (bytes.length !== LENGTH) return { refused: 'Invalid continuation format' };
  const seq = bytes.readBigUInt64BE(1);
  if (!bytes.subarray(17).equals(digest(scope)) || seq > BigInt(last)) return { refused: 'Unknown sync continuation type' };
  return { seq: Number(seq) };
}

const digest = (scope: string) => createHash('sha256').update(scope).digest().subarray(0, 16);

/** Where a query goes on: behind `after`, which was at `ordinal` in walking order. */
export interface Continuation {
  readonly query: string;
  readonly ordinal: number;
  readonly after: string | null;
}

export function writeContinuation(continuation: Continuation): string {
  return Buffer.from(JSON.stringify([continuation.query, continuation.ordinal, continuation.after])).toString('base64');
}

/** @returns null when it is none of ours */
export function readContinuation(marker: string): Continuation | null {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(marker, 'base64').toString('utf8'));
    if (!Array.isArray(parsed)) return null;
    const [query, ordinal, after] = parsed as unknown[];
    if (typeof query !== 'string' || typeof ordinal !== 'number' || !(typeof after === 'string' || after === null)) return null;
    return { query, ordinal, after };
  } catch {
    return null;
  }
}
