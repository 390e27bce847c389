import { Cookies } from './cookies';

const local = 'http://127.0.0.1:8080/setup/ws/1/validate';
const take = async (cookies: Cookies, url: string, ...setCookies: string[]): Promise<Cookies> => {
  await cookies.take({ setCookies }, url);
  return cookies;
};

it('sends cookies marked Secure to this machine over plain HTTP, and nowhere else', async () => {
  const cookies = await take(await Cookies.from(null), local, 'X-APPLE-WEBAUTH-TOKEN="v=2:t=abc==";Path=/;Secure;HttpOnly');
  expect(await cookies.headerFor('http://127.0.0.1:8080/database/1')).toBe('X-APPLE-WEBAUTH-TOKEN="v=2:t=abc=="');
  const apple = await take(await Cookies.from(null), 'https://setup.icloud.com/setup', 'a=b;Path=/;Domain=.icloud.com;Secure');
  expect(await apple.headerFor('https://p42-ckdatabasews.icloud.com:443/database')).toBe('a=b');
  expect(await apple.headerFor('http://p42-ckdatabasews.icloud.com/database')).toBeUndefined();
  expect(await apple.headerFor('https://cvws.icloud-content.com/B/x')).toBeUndefined();
});

it('keeps all of them, also those without an expiry date', async () => {
  const cookies = await take(await Cookies.from(null), local, 'session=1;Path=/;HttpOnly', 'lasting=2;Path=/;Max-Age=1000');
  const again = await Cookies.from(await cookies.keep());
  expect(await again.headerFor(local)).toBe('session=1; lasting=2');
  expect(await again.all(Date.now())).toEqual([
    { name: 'session', value: '1', domain: '127.0.0.1', hostOnly: true, path: '/', expires: null, secure: false, httpOnly: true, sameSite: null },
    expect.objectContaining({ name: 'lasting', expires: expect.any(Date) }),
  ]);
  expect((await again.all(Date.now() + 2_000_000)).map(({ name }) => name)).toEqual(['session']);
});

it('gives them to a browser and takes them back as they were', async () => {
  const cookies = await take(await Cookies.from(null), 'https://setup.icloud.com/x', 'wide=1;Domain=.icloud.com;Path=/;Secure;SameSite=None;Max-Age=1000', 'narrow=2;Path=/setup;HttpOnly');
  const lent = await cookies.all(Date.now());
  expect(lent).toEqual([expect.objectContaining({ name: 'wide', domain: 'icloud.com', hostOnly: false, sameSite: 'None' }), expect.objectContaining({ name: 'narrow', domain: 'setup.icloud.com', hostOnly: true, path: '/setup' })]);
  const other = await Cookies.from(null);
  await other.put(lent);
  const back = await Cookies.from(await other.keep());
  expect(await back.all(Date.now())).toEqual(lent);
  expect(await back.headerFor('https://www.icloud.com/')).toBe('wide=1');
  expect(await back.headerFor('https://setup.icloud.com/setup/ws')).toBe('narrow=2; wide=1');
});

it('leaves out cookies for domains that are not the server’s, and forgets one host at a word', async () => {
  const cookies = await take(await Cookies.from(null), 'https://idmsa.apple.com/appleauth/auth', 'evil=1;Domain=icloud.com', 'aasp=2;Path=/');
  expect(await cookies.headerFor('https://www.icloud.com/')).toBeUndefined();
  await take(cookies, 'https://setup.icloud.com/', 'kept=3;Path=/');
  await cookies.forgetHost('https://idmsa.apple.com/appleauth/auth');
  expect(await cookies.headerFor('https://idmsa.apple.com/')).toBeUndefined();
  expect(await cookies.headerFor('https://setup.icloud.com/')).toBe('kept=3');
});

it('knows whether a cookie is there and has time left', async () => {
  const cookies = await take(await Cookies.from(null), local, 'short=1;Max-Age=60', 'endless=2');
  expect(await cookies.has('short', Date.now())).toBe(true);
  expect(await cookies.has('short', Date.now() + 61_000)).toBe(false);
  expect(await cookies.has('endless', Date.now() + 1e12)).toBe(true);
  expect(await cookies.has('none', 0)).toBe(false);
});
