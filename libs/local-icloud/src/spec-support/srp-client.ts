import { createHash, pbkdf2Sync, randomBytes } from 'node:crypto'; // eslint-disable-line @typescript-eslint/no-restricted-imports -- a test may block

/**
 * The client's side of SRP-6a written from RFC 5054 and RFC 2945, on Buffers and hex, apart from the server's code (and from libs/icloud).
 * Apple's differences: x without the name, SHA-256, and the password stretched first.
 */
const N = BigInt(
  `0x${`AC6BDB41 324A9A9B F166DE5E 1389582F AF72B665 1987EE07 FC319294 3DB56050 A37329CB B4A099ED 8193E075 7767A13D D52312AB 4B03310D
  CD7F48A9 DA04FD50 E8083969 EDB767B0 CF609517 9A163AB3 661A05FB D5FAAAE8 2918A996 2F0B93B8 55F97993 EC975EEA A80D740A DBF4FF74 7359D041
  D5C33EA7 1D281E44 6B14773B CA97B43A 23FB8016 76BD207A 436C6481 F1D2B907 8717461A 5B9D32E6 88F87748 544523B5 24B0D57D 5EA77A27 75D2ECFA
  032CFBDB F52FB378 61602790 04E57AE6 AF874E73 03CE5329 9CCC041C 7BC308D8 2A5698F3 A8D0C382 71AE35F8 E9DBFBB6 94B5C803 D89F7AE4 35DE236D
  525F5475 9B65E372 FCD68EF2 0FA7111F 9E4AFF73`.replace(/\s/g, '')}`,
);

export interface Challenge {
  readonly salt: string;
  readonly b: string;
  readonly iteration: number;
  readonly protocol: string;
}

export interface ClientProof {
  readonly m1: string;
  readonly m2: string;
  readonly k: string;
}

export class SrpClient {
  private readonly secret: bigint;
  readonly publicKey: bigint;

  constructor(
    private readonly name: string,
    secret: bigint = fromBytes(randomBytes(32)),
    private readonly form: (value: bigint) => Buffer = stripped,
  ) {
    this.secret = secret;
    this.publicKey = modPow(2n, secret);
  }

  get a(): string {
    return padded(this.publicKey).toString('base64');
  }

  answer(password: string, challenge: Challenge): ClientProof {
    const salt = Buffer.from(challenge.salt, 'base64');
    const serverKey = fromBytes(Buffer.from(challenge.b, 'base64'));
    const digest = sha(Buffer.from(password));
    const input = challenge.protocol === 's2k_fo' ? Buffer.from(digest.toString('hex'), 'latin1') : digest;
    const stretched = pbkdf2Sync(input, salt, challenge.iteration, 32, 'sha256');
    const x = fromBytes(sha(salt, sha(Buffer.concat([Buffer.from([0x3a]), stretched]))));
    const u = fromBytes(sha(padded(this.publicKey), padded(serverKey)));
    const k = fromBytes(sha(padded(N), padded(2n)));
    const base = (((serverKey - k * modPow(2n, x)) % N) + N) % N;
    const shared = modPow(base, this.secret + u * x);
    const key = sha(this.form(shared));
    const groupHash = sha(padded(N));
    const generatorHash = sha(padded(2n));
    const mixed = Buffer.alloc(32);
    for (let index = 0; index < 32; index += 1) mixed.writeUInt8(groupHash.readUInt8(index) ^ generatorHash.readUInt8(index), index);
    const m1 = sha(mixed, sha(Buffer.from(this.name)), salt, this.form(this.publicKey), stripped(serverKey), key);
    const m2 = sha(this.form(this.publicKey), m1, key);
    return { m1: m1.toString('base64'), m2: m2.toString('base64'), k: key.toString('base64') };
  }

  /** How many leading zero bytes A has, and S with this challenge. */
  static isShort(value: bigint): boolean {
    return stripped(value).length < 256;
  }
}

export function modPow(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % N;
    if (bit === '1') result = (result * base) % N;
  }
  return result;
}

export function padded(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(512, '0'), 'hex');
}

export function stripped(value: bigint): Buffer {
  const bytes = padded(value);
  return bytes.subarray(bytes.findIndex((byte) => byte !== 0));
}

function fromBytes(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}

function sha(...parts: Buffer[]): Buffer {
  return createHash('sha256').update(Buffer.concat(parts)).digest();
}
