import { createHash, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

/**
 * SRP-6a as Apple's sign-in page speaks it: the 2048-bit group of RFC 5054, SHA-256, and what a generic SRP library gets wrong (as icloudpd
 * and icloudpd-rs do; foxt/js-srp calls it "GSA"): the password goes through PBKDF2 first; the user name is left out of x; g is padded in
 * H(N) xor H(g); A, B and S are hashed into M1, M2 and K without their leading zero bytes.
 *
 * On that last point public sources disagree: icloud-photos-sync, reading Apple's own script, pads A and S. Numbers without leading zero
 * bytes are the same in both readings, so A is chosen to be one, and {@link Proof.clear} tells whether B and S are.
 */
const N = BigInt(
  `0x${[
    'AC6BDB41324A9A9BF166DE5E1389582FAF72B6651987EE07FC3192943DB56050A37329CBB4A099ED8193E0757767A13DD52312AB4B03310DCD7F48A9DA04FD50',
    'E8083969EDB767B0CF6095179A163AB3661A05FBD5FAAAE82918A9962F0B93B855F97993EC975EEAA80D740ADBF4FF747359D041D5C33EA71D281E446B14773B',
    'CA97B43A23FB801676BD207A436C6481F1D2B9078717461A5B9D32E688F87748544523B524B0D57D5EA77A2775D2ECFA032CFBDBF52FB3786160279004E57AE6',
    'AF874E7303CE53299CCC041C7BC308D82A5698F3A8D0C38271AE35F8E9DBFBB694B5C803D89F7AE435DE236D525F54759B65E372FCD68EF20FA7111F9E4AFF73',
  ].join('')}`,
);
const g = 2n;
const groupBytes = 256;
/** Far above what Apple asks for (about 20,000), far below what would hold the process up. */
const mostIterations = 1_000_000;

export type PasswordProtocol = 's2k' | 's2k_fo';

export const isPasswordProtocol = (value: unknown): value is PasswordProtocol => value === 's2k' || value === 's2k_fo';

/** The client's half before the server has answered: its secret, and what it sends. */
export interface Ephemeral {
  readonly secret: bigint;
  /** A, big-endian, without leading zero bytes. */
  readonly public: Buffer;
}

/** Half a sign-in with a random secret of 256 bits, as RFC 5054 §3.1 asks for at the least. A has its full 256 bytes. */
export function createEphemeral(): Ephemeral {
  for (;;) {
    const ephemeral = ephemeralOf(toInteger(randomBytes(32)));
    if (ephemeral.public.length === groupBytes) return ephemeral;
  }
}

/** The public half of a secret. */
export const ephemeralOf = (secret: bigint): Ephemeral => ({ secret, public: toBytes(power(g, secret)) });

const stretch = promisify(pbkdf2);

/**
 * The password as SRP takes it: PBKDF2-SHA256 over its SHA-256, whose hexadecimal text stands for it with `s2k_fo`.
 * @throws RangeError when the server asks for an absurd number of iterations
 */
export async function derivePassword(password: string, protocol: PasswordProtocol, salt: Uint8Array, iterations: number): Promise<Buffer> {
  if (!Number.isInteger(iterations) || iterations < 1 || iterations > mostIterations) throw new RangeError('the number of PBKDF2 iterations is out of bounds');
  const digest = createHash('sha256').update(password, 'utf8').digest();
  return await stretch(protocol === 's2k_fo' ? digest.toString('hex') : digest, salt, iterations, 32, 'sha256');
}

export interface Challenge {
  /** In lower case: that is how Apple's page hashes it (icloud-photos-sync). */
  readonly username: string;
  /** What {@link derivePassword} made. */
  readonly password: Uint8Array;
  readonly salt: Uint8Array;
  /** B as the server sent it, with or without leading zero bytes. */
  readonly serverPublic: Uint8Array;
}

/** What proves to each side that the other knows the password. */
export interface Proof {
  readonly m1: Buffer;
  readonly m2: Buffer;
  /** K, which both sides have now. */
  readonly key: Buffer;
  /** Neither B nor S begins with a zero byte: every reading of the protocol gives this proof. */
  readonly clear: boolean;
}

/** @throws RangeError when the server's B would give the secret away (RFC 5054 §2.5.4) */
export function prove(ephemeral: Ephemeral, challenge: Challenge): Proof {
  const B = toInteger(challenge.serverPublic);
  if (B % N === 0n) throw new RangeError('the server sent an SRP key that must be refused');
  const clientPublic = ephemeral.public;
  const serverPublic = toBytes(B);
  const u = toInteger(hash(padded(clientPublic), padded(serverPublic)));
  if (u === 0n) throw new RangeError('the server sent an SRP key that must be refused');

  const x = toInteger(hash(challenge.salt, hash(':', challenge.password)));
  const k = toInteger(hash(toBytes(N), padded(toBytes(g))));
  const base = (((B - k * power(g, x)) % N) + N) % N;
  const S = toBytes(power(base, ephemeral.secret + u * x));
  const key = hash(S);

  const groupHash = xor(hash(toBytes(N)), hash(padded(toBytes(g))));
  const m1 = hash(groupHash, hash(challenge.username), challenge.salt, clientPublic, serverPublic, key);
  return { m1, m2: hash(clientPublic, m1, key), key, clear: S.length === groupBytes && serverPublic.length === groupBytes };
}

function hash(...parts: readonly (string | Uint8Array)[]): Buffer {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  return digest.digest();
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base % N;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % N;
    square = (square * square) % N;
  }
  return result;
}

const toInteger = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`);

/** Big-endian, as short as it can be. */
function toBytes(value: bigint): Buffer {
  const digits = value.toString(16);
  return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
}

const padded = (bytes: Uint8Array): Buffer => Buffer.concat([Buffer.alloc(Math.max(0, groupBytes - bytes.length)), bytes]);

const xor = (left: Uint8Array, right: Uint8Array): Buffer => Buffer.from(left.map((byte, i) => byte ^ (right[i] ?? 0)));
