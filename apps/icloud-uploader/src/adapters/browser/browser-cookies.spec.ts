import type { Cookie } from '@media-pipeline/icloud';
import { fromBrowser, toBrowser } from './browser-cookies';
import { Chromium } from './chromium';

const cookie: Cookie = { name: 'X-APPLE-WEBAUTH-TOKEN', value: '"v=2:t=abc=="', domain: 'icloud.com', hostOnly: false, path: '/', expires: new Date(Math.floor(Date.now() / 1_000) * 1_000 + 86_400_000), secure: true, httpOnly: true, sameSite: 'None' };

it('are sent by Chromium to the hosts that they are for, and come back as they were', async () => {
  const chromium = await Chromium.launch({ executable: null, headless: true, slowMoMs: 0, extraArguments: [], hosts: [], warn: () => undefined });
  try {
    const { page, context } = await chromium.newPage();
    const narrow: Cookie = { ...cookie, name: 'narrow', domain: 'setup.icloud.com', hostOnly: true, expires: null, sameSite: null, httpOnly: false };
    const local: Cookie = { ...narrow, name: 'local', domain: '127.0.0.1' };
    await context.setCookie(...[cookie, narrow, local].map(toBrowser));
    expect((await context.cookies()).map(fromBrowser)).toEqual(expect.arrayContaining([cookie, narrow, local]));
    const client = await page.createCDPSession();
    const sentTo = async (url: string): Promise<string[]> => (await client.send('Network.getCookies', { urls: [url] })).cookies.map(({ name }) => name).sort();
    expect(await sentTo('https://www.icloud.com/photos/')).toEqual([cookie.name]);
    expect(await sentTo('https://setup.icloud.com/setup/ws/1')).toEqual([cookie.name, 'narrow']);
    expect(await sentTo('http://127.0.0.1/')).toEqual(['local']);
    expect(await sentTo('https://idmsa.apple.com/')).toEqual([]);
  } finally {
    await chromium.close();
  }
});
