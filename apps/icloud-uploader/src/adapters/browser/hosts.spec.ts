import { isAllowed, resolverRules } from './hosts';

it.each([
  ['https://www.icloud.com/photos/', true],
  ['https://idmsa.apple.com/appleauth/auth/authorize/signin?frame_id=x', true],
  ['https://www.icloud.com.cn/', true],
  ['http://127.0.0.1:8080/photos/', true],
  ['http://www.icloud.com/photos/', false],
  ['https://icloud.com.example.org/', false],
  ['https://notapple.com/', false],
  ['https://www.icloud.com@example.org/', false],
  ['data:text/html,<input type=password>', false],
  ['blob:https://www.icloud.com/6a1c', false],
  ['about:srcdoc', false],
  ['file:///etc/passwd', false],
  ['', false],
])('a page at %s may be told who somebody is: %s', (url, allowed) => {
  expect(isAllowed(url, ['127.0.0.1'])).toBe(allowed);
});

it('finds no hosts but those', () => {
  expect(resolverRules(['Photos.Example'])).toMatch(/^MAP \* ~NOTFOUND, EXCLUDE icloud\.com, .*EXCLUDE photos\.example$/);
});
