import { createHash, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type * as JsSrp from '@foxt/js-srp' with { 'resolution-mode': 'import' };
import { acceptable, proofsOf, serverPublic, toBytes, toInteger, verifierOf } from './srp';

jest.setTimeout(120_000);

const { Hash, Mode, Srp, util } = jest.requireActual<typeof JsSrp>('@foxt/js-srp');

const name = 'anna@example.com';
const stretched = { protocol: 's2k', salt: randomBytes(16), iterations: 10 } as const;
const short = (value: bigint): boolean => toBytes(value).length < 256;

/** What another client of Apple's SRP makes of a challenge. */
async function theirProofs(a: bigint, salt: Buffer, b: bigint, password: Buffer): Promise<{ A: bigint; m1: string; m2: string; K: string }> {
  const client = await new Srp(Mode.GSA, Hash.SHA256, 2048).newClient(Buffer.from(name), password, a);
  const m1 = await client.generate(salt, toBytes(b));
  return { A: client.A, m1, m2: util.toHex(await client.generateM2()), K: util.toHex(client.K) };
}

describe('the server side against @foxt/js-srp', () => {
  it('agrees on M1, M2 and K, exchange for exchange, also where A and B are short', async () => {
    const password = await promisify(pbkdf2)(createHash('sha256').update('secret').digest(), stretched.salt, stretched.iterations, 32, 'sha256');
    const verifier = await verifierOf('secret', stretched);
    const agree = async (a: bigint, secret: bigint): Promise<{ A: bigint; B: bigint }> => {
      const publicKey = serverPublic(verifier, secret);
      const theirs = await theirProofs(a, stretched.salt, publicKey, password);
      const ours = proofsOf({ name, salt: stretched.salt, verifier, clientPublic: theirs.A, secret, serverPublic: publicKey, bytes: 'stripped' });
      expect({ m1: ours.m1.toString('hex'), m2: ours.m2.toString('hex'), K: ours.key.toString('hex') }).toEqual({ m1: theirs.m1, m2: theirs.m2, K: theirs.K });
      return { A: theirs.A, B: publicKey };
    };
    for (let round = 0; round < 100; round += 1) await agree(toInteger(randomBytes(32)), toInteger(randomBytes(32)));

    // one number in 256 is short, so the secrets are looked for; small ones, to be quick
    let [a, b] = [3000n, 3000n];
    while (!short(serverPublic(0n, a))) a += 1n; // with no verifier it is g^a
    while (!short(serverPublic(verifier, b))) b += 1n;
    const { A, B } = await agree(a, b);
    expect([short(A), short(B)]).toEqual([true, true]);
  });
});

test('A = 0 and its multiples of N are not acceptable', () => {
  expect([acceptable(0n), acceptable(1n)]).toEqual([false, true]);
});
