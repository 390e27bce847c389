import { createHash, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/** RFC 5054, appendix A, 2048-bit group. */
const N_HEX = [
  'AC6BDB41324A9A9BF166DE5E1389582FAF72B6651987EE07FC3192943DB56050A37329CBB4A099ED8193E0757767A13DD52312AB4B03310DCD7F48A9DA04FD50',
  'E8083969EDB767B0CF6095179A163AB3661A05FBD5FAAAE82918A9962F0B93B855F97993EC975EEAA80D740ADBF4FF747359D041D5C33EA71D281E446B14773B',
  'CA97B43A23FB801676BD207A436C6481F1D2B9078717461A5B9D32E688F87748544523B524B0D57D5EA77A2775D2ECFA032CFBDBF52FB3786160279004E57AE6',
  'AF874E7303CE53299CCC041C7BC308D82A5698F3A8D0C38271AE35F8E9DBFBB694B5C803D89F7AE435DE236D525F54759B65E372FCD68EF20FA7111F9E4AFF73',
].join('');
const WIDTH = 256;
const N = BigInt(`0x${N_HEX}`);
const G = 2n;
const stretch = promisify(pbkdf2);

export interface StretchedPassword {
  readonly protocol: 's2k' | 's2k_fo';
  readonly salt: Buffer;
  readonly iterations: number;
}

/** The password verifier v = g^x, x = H(salt | H(":" | p)) without the name, as Apple's variant has it. */
export async function verifierOf(password: string, { protocol, salt, iterations }: StretchedPassword): Promise<bigint> {
  const digest = hash(Buffer.from(password, 'utf8'));
  const secret = protocol === 's2k_fo' ? Buffer.from(digest.toString('hex')) : digest;
  const stretched = await stretch(secret, salt, iterations, 32, 'sha256');
  return power(G, toInteger(hash(salt, hash(Buffer.from(':'), stretched))));
}

/** B = kv + g^b. Sent as its bytes without leading zeros. */
export function serverPublic(verifier: bigint, secret: bigint): bigint {
  return (multiplier() * verifier + power(G, secret)) % N;
}

export interface Exchange {
  /** What stands in H(I): the account's name in lower case; empty for escrow. */
  readonly name: string;
  readonly salt: Buffer;
  readonly verifier: bigint;
  readonly clientPublic: bigint;
  readonly secret: bigint;
  readonly serverPublic: bigint;
  readonly bytes: 'stripped' | 'padded';
}

export interface Proofs {
  readonly key: Buffer;
  readonly m1: Buffer;
  readonly m2: Buffer;
}

/** What the client must have sent as m1 and m2 if it knows the password (RFC 5054 with SHA-256; the hashed bytes of A and S by `bytes`). */
export function proofsOf(exchange: Exchange): Proofs {
  const { clientPublic: a, serverPublic: b, verifier, secret, salt } = exchange;
  const bytes = exchange.bytes === 'padded' ? pad : toBytes;
  const scrambler = toInteger(hash(pad(a), pad(b)));
  const shared = power((a * power(verifier, scrambler)) % N, secret);
  const key = hash(bytes(shared));
  const group = hash(toBytes(N));
  const generator = hash(pad(G));
  const mixed = group.map((byte, index) => byte ^ (generator[index] ?? 0));
  const m1 = hash(mixed, hash(Buffer.from(exchange.name, 'utf8')), salt, bytes(a), toBytes(b), key);
  return { key, m1, m2: hash(bytes(a), m1, key) };
}

/** A mod N = 0 would let anyone in (RFC 5054, 2.5.4). */
export function acceptable(clientPublic: bigint): boolean {
  return clientPublic > 0n && clientPublic % N !== 0n;
}

export function same(proof: Buffer, expected: Buffer): boolean {
  return proof.length === expected.length && timingSafeEqual(proof, expected);
}

export function toInteger(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

/** Big endian, without leading zero bytes. */
export function toBytes(value: bigint): Buffer {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
}

function pad(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(WIDTH * 2, '0'), 'hex');
}

function multiplier(): bigint {
  return toInteger(hash(toBytes(N), pad(G)));
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let factor = base % N;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * factor) % N;
    factor = (factor * factor) % N;
  }
  return result;
}

function hash(...parts: readonly Uint8Array[]): Buffer {
  const sha = createHash('sha256');
  for (const part of parts) sha.update(part);
  return sha.digest();
}
