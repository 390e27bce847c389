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
  it('agrees on M1, M2 and K, exchange for exchange, also where A or B is short', async () => {
    const password = await promisify(pbkdf2)(createHash('sha256').update('secret').digest(), stretched.salt, stretched.iterations, 32, 'sha256');
    const verifier = await verifierOf('secret', stretched);
    let [shortA, shortB] = [0, 0];
    for (let round = 0; round < 300 || shortA === 0 || shortB === 0; round += 1) {
      const secret = toInteger(randomBytes(8)); // a small exponent, to be quick
      const publicKey = serverPublic(verifier, secret);
      const theirs = await theirProofs(toInteger(randomBytes(20)) + 2n ** 200n, stretched.salt, publicKey, password);
      const ours = proofsOf({ name, salt: stretched.salt, verifier, clientPublic: theirs.A, secret, serverPublic: publicKey, bytes: 'stripped' });
      expect({ m1: ours.m1.toString('hex'), m2: ours.m2.toString('hex'), K: ours.key.toString('hex') }).toEqual({ m1: theirs.m1, m2: theirs.m2, K: theirs.K });
      shortA += Number(short(theirs.A));
      shortB += Number(short(publicKey));
    }
    expect([shortA, shortB].every((count) => count > 0)).toBe(true);
  });
});

test('A = 0 and its multiples of N are not acceptable', () => {
  expect([acceptable(0n), acceptable(1n)]).toEqual([false, true]);
});
