import fc from 'fast-check';
import type { Cookie } from './cookies';
import { ownCookies, renewedCookies } from './renewed-cookies';

const monthMs = 30 * 24 * 3_600_000;
const cookie = (value: string, madeAt: number | null, more: Partial<Cookie> = {}): Cookie => ({
  name: 'X-APPLE-WEBAUTH-TOKEN',
  value,
  domain: 'icloud.com',
  hostOnly: false,
  path: '/',
  expires: madeAt === null ? null : new Date(madeAt + monthMs),
  secure: true,
  httpOnly: true,
  sameSite: null,
  ...more,
});

it('are those of the last renewal, whoever was renewed when', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('browser', 'session'), { maxLength: 8 }), (renewals) => {
      let [browser, session] = [cookie('lent', 0), cookie('lent', 0)];
      renewals.forEach((who, at) => {
        const renewed = cookie(`${who} ${at}`, (at + 1) * 60_000);
        if (who === 'browser') browser = renewed;
        else session = renewed;
      });
      const [taken = session] = renewedCookies([cookie('lent', 0)], [browser], [session]);
      expect(taken).toEqual(renewals.length === 0 ? session : renewals.at(-1) === 'browser' ? browser : session);
    }),
  );
});

it('without a date are taken only where the session was not renewed', () => {
  const [lent, mine, page] = [cookie('lent', null), cookie('mine', null), cookie('page', null)];
  expect(renewedCookies([lent], [page], [lent])).toEqual([page]);
  expect(renewedCookies([lent], [page], [mine])).toEqual([]);
  expect(renewedCookies([lent], [lent], [mine])).toEqual([]);
});

it('take in new ones, drop none, and bring none back', () => {
  const [lent, fresh] = [cookie('lent', 0), cookie('new', 0, { name: 'NEW' })];
  expect(renewedCookies([lent], [fresh], [lent])).toEqual([fresh]);
  expect(renewedCookies([lent], [cookie('renewed', 60_000)], [])).toEqual([]);
});

it.each([
  ['icloud.com', false, true],
  ['www.icloud.com', true, true],
  ['p42-ckdatabasews.icloud.com', true, true],
  ['apple.com', false, true],
  ['127.0.0.1', true, true],
  ['icloud.com', true, false],
  ['metrics.apple.com', true, false],
  ['icloud.com.example.com', false, false],
  ['example.com', false, false],
  ['com', false, false],
])('of %s (this host alone: %p) are the session’s own: %p', (domain, hostOnly, own) => {
  const urls = ['https://www.icloud.com', 'https://idmsa.apple.com/appleauth/auth', 'https://p42-ckdatabasews.icloud.com:443', 'http://127.0.0.1:8080/setup', 'no address'];
  expect(ownCookies([cookie('x', 0, { domain, hostOnly })], urls)).toHaveLength(own ? 1 : 0);
});
