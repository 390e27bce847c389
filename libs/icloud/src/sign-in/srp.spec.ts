import { createHash, pbkdf2Sync } from 'node:crypto';
import type * as JsSrp from '@foxt/js-srp' with { 'resolution-mode': 'import' };
import fc from 'fast-check';
import { createEphemeral, derivePassword, ephemeralOf, prove, type PasswordProtocol } from './srp';

// Its types call it a module; Jest gets its CommonJS build.
const { Hash, Mode, Srp, util } = jest.requireActual<typeof JsSrp>('@foxt/js-srp');
const { modPow, bigintFromBytes, bytesFromBigint } = util;
const group = new Srp(Mode.GSA, Hash.SHA256, 2048).pf;
const sha256 = (...parts: readonly (string | Uint8Array)[]): Buffer => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const integer = (bytes: Uint8Array): bigint => bigintFromBytes(bytes);

/** The other side, as @foxt/js-srp does not have it for Apple's variant: what a server keeps and computes (RFC 5054 §2.5). */
function server(password: Uint8Array, salt: Uint8Array, b: bigint): { readonly B: bigint; sharedWith(A: Uint8Array): Buffer } {
  const verifier = modPow(group.g, integer(sha256(salt, sha256(':', password))), group.N);
  const wide = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(512, '0'), 'hex');
  const k = integer(sha256(wide(group.N), wide(group.g)));
  const B = (k * verifier + modPow(group.g, b, group.N)) % group.N;
  return { B, sharedWith: (A) => Buffer.from(bytesFromBigint(modPow(integer(A) * modPow(verifier, integer(sha256(wide(integer(A)), wide(B))), group.N), b, group.N))) };
}

async function theirs(username: string, password: Uint8Array, salt: Uint8Array, a: bigint, B: Uint8Array): Promise<{ client: JsSrp.Client; m1: string; m2: string }> {
  const client = await new Srp(Mode.GSA, Hash.SHA256, 2048).newClient(Buffer.from(username), password, a);
  const m1 = await client.generate(salt, B);
  return { client, m1, m2: Buffer.from(await client.generateM2()).toString('hex') };
}

/** Ours and theirs on the same numbers. */
async function bothAgree(username: string, password: Uint8Array, salt: Uint8Array, a: bigint, B: Uint8Array): Promise<void> {
  const ephemeral = ephemeralOf(a);
  const other = await theirs(username, password, salt, a, B);
  expect(ephemeral.public.toString('hex')).toBe(Buffer.from(bytesFromBigint(other.client.A)).toString('hex'));
  const proof = prove(ephemeral, { username, password, salt, serverPublic: B });
  expect({ m1: proof.m1.toString('hex'), m2: proof.m2.toString('hex') }).toEqual({ m1: other.m1, m2: other.m2 });
}

/** The first number from `start` on that has the property; there is one in 256. */
function search(start: bigint, wanted: (n: bigint) => boolean): bigint {
  for (let n = start; n < start + 20_000n; n++) if (wanted(n)) return n;
  throw new Error('none found');
}

const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const username = 'jane@example.com';
const salt = Buffer.from('beb25379d1a8581eb5a727673a2441ee', 'hex');
const password = sha256('password123');
const a = 0x60975527035cf2ad1989806f0407210bc81edc04e2762a56afd529ddda2d4393n;

it('agrees with @foxt/js-srp on generated sign-ins', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ minLength: 1 }), bytes(32), bytes(16), bytes(32), bytes(32), async (user, secret, someSalt, ours, other) => {
      const { B } = server(secret, someSalt, integer(other) + 1n);
      await bothAgree(user, secret, someSalt, integer(ours) + 1n, bytesFromBigint(B));
    }),
    { numRuns: 12 },
  );
});

describe('with numbers that begin with a zero byte', () => {
  const short = (value: bigint): boolean => bytesFromBigint(value).length === 255;

  it('agrees when A is short', async () => {
    const shortA = search(a, (n) => short(modPow(group.g, n, group.N)));
    expect(ephemeralOf(shortA).public).toHaveLength(255);
    await bothAgree(username, password, salt, shortA, bytesFromBigint(server(password, salt, 77n).B));
  });

  it('agrees when B is short, sent with its zero byte or without', async () => {
    const { B } = server(password, salt, search(2n ** 200n, (n) => short(server(password, salt, n).B)));
    const plain = bytesFromBigint(B);
    expect(plain).toHaveLength(255);
    await bothAgree(username, password, salt, a, plain);
    const challenge = { username, password, salt };
    expect(prove(ephemeralOf(a), { ...challenge, serverPublic: plain }).clear).toBe(false);
    expect(prove(ephemeralOf(a), { ...challenge, serverPublic: Buffer.concat([Buffer.alloc(1), plain]) })).toEqual(prove(ephemeralOf(a), { ...challenge, serverPublic: plain }));
  });

  it('agrees when S is short, and with what the server computes', async () => {
    const { public: A } = ephemeralOf(a);
    const host = server(password, salt, search(2n ** 190n, (n) => server(password, salt, n).sharedWith(A).length === 255));
    await bothAgree(username, password, salt, a, bytesFromBigint(host.B));
    const { m1, m2, key, clear } = prove(ephemeralOf(a), { username, password, salt, serverPublic: bytesFromBigint(host.B) });
    expect(key).toEqual(sha256(host.sharedWith(A)));
    expect(clear).toBe(false);
    expect(m2).toEqual(sha256(A, m1, sha256(host.sharedWith(A))));
  });

  it('agrees with a salt that begins with zero bytes', async () => {
    const zeros = Buffer.concat([Buffer.alloc(3), salt.subarray(3)]);
    await bothAgree(username, password, zeros, a, bytesFromBigint(server(password, zeros, 77n).B));
  });
});

it('says of most proofs that every reading of the protocol gives them', () => {
  const proofs = Array.from({ length: 20 }, (_, n) => prove(createEphemeral(), { username, password, salt, serverPublic: bytesFromBigint(server(password, salt, 2n ** 200n + BigInt(n)).B) }));
  expect(proofs.filter(({ clear }) => clear).length).toBeGreaterThan(15);
});

it('refuses a B that would give the secret away', () => {
  for (const B of [0n, group.N, 2n * group.N]) {
    expect(() => prove(ephemeralOf(a), { username, password, salt, serverPublic: bytesFromBigint(B) })).toThrow(RangeError);
  }
});

it('chooses another secret each time, of 256 bits, whose A has no leading zero byte', () => {
  const chosen = Array.from({ length: 20 }, () => createEphemeral());
  expect(new Set(chosen.map(({ secret }) => secret)).size).toBe(20);
  expect(Math.max(...chosen.map(({ secret }) => secret.toString(2).length))).toBeGreaterThan(240);
  for (const { public: A } of chosen) expect(A).toHaveLength(256);
});

it('is compared with a library that computes the published vectors', async () => {
  // https://github.com/secure-remote-password/test-vectors (srptools.json), which @foxt/js-srp ships; Apple's variant has none of its own.
  const vector = {
    salt: 'beb25379d1a8581eb5a727673a2441ee',
    a: '60975527035cf2ad1989806f0407210bc81edc04e2762a56afd529ddda2d4393',
    B: 'bd0c61512c692c0cb6d041fa01bb152d4916a1e77af46ae105393011baf38964dc46a0670dd125b95a981652236f99d9b681cbf87837ec996c6da04453728610d0c6ddb58b318885d7d82c7f8deb75ce7bd4fbaa37089e6f9c6059f388838e7a00030b331eb76840910440b1b27aaeaeeb4012b7d7665238a8e3fb004b117b58',
    K: '017eefa1cefc5c2e626e21598987f31e0f1b11bb',
    m1: '3f3bc67169ea71302599cf1b0f5d408b7b65d347',
  };
  const client = await new Srp(Mode.SRPTools, Hash.SHA1, 1024).newClient(Buffer.from('alice'), Buffer.from('password123'), BigInt(`0x${vector.a}`));
  const m1 = await client.generate(Buffer.from(vector.salt, 'hex'), Buffer.from(vector.B, 'hex'));
  expect({ m1, K: Buffer.from(client.K).toString('hex') }).toEqual({ m1: vector.m1, K: vector.K });
});

describe('the password', () => {
  it('goes through PBKDF2 over its SHA-256, or over the hexadecimal text of that', async () => {
    for (const typed of ['password123', 'pässwörd – 密码 🗝️']) {
      const digest = sha256(typed);
      const expected: Record<PasswordProtocol, Buffer> = { s2k: pbkdf2Sync(digest, salt, 2000, 32, 'sha256'), s2k_fo: pbkdf2Sync(digest.toString('hex'), salt, 2000, 32, 'sha256') };
      for (const protocol of ['s2k', 's2k_fo'] as const) expect(await derivePassword(typed, protocol, salt, 2000)).toEqual(expected[protocol]);
    }
  });

  it.each([0, -1, 1.5, Number.NaN, 1_000_001])('is not derived with %p iterations', async (iterations) => {
    await expect(derivePassword('x', 's2k', salt, iterations)).rejects.toThrow(RangeError);
  });
});
