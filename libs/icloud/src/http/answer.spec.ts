import { describe as inWords, effectiveStatus, serviceErrorCodes, type Answer } from './answer';
import { judge } from './service-answer';

const answer = (status: number, json?: unknown, headers: Record<string, string> = {}, text = json === undefined ? '' : JSON.stringify(json)): Answer => ({ status, json, headers, text, setCookies: [] });

it.each([
  [answer(200, {}), 200],
  [answer(200, {}, { 'x-apple-i-rscd': '401' }), 401],
  [answer(200, {}, { 'x-apple-i-rscd': '403' }), 403],
  [answer(200, {}, { 'x-apple-i-rscd': '409' }), 200],
  [answer(409, {}, { 'x-apple-i-rscd': '401' }), 409],
  [answer(200, { hasError: true }), 401],
  [answer(200, { hasError: false, service_errors: [] }), 200],
  [answer(200, { serviceErrors: [{ code: '-1' }] }), 401],
  [answer(503, { hasError: true }), 503],
])('the status that is meant (%#)', (given, expected) => {
  expect(effectiveStatus(given)).toBe(expected);
});

it('finds error numbers under both names', () => {
  expect(serviceErrorCodes(answer(401, { serviceErrors: [{ code: '-20101' }, {}] }))).toEqual(['-20101', 'unknown']);
  expect(serviceErrorCodes(answer(401, { service_errors: [{ code: -21669 }] }))).toEqual(['-21669']);
  expect(serviceErrorCodes(answer(401, 'text'))).toEqual([]);
});

it('words an answer without what it holds', () => {
  expect(inWords(answer(403, { serviceErrors: [{ code: '-20209', message: 'secret words' }], token: 'abc' }))).toBe('HTTP 403, error -20209');
  expect(inWords(answer(200, undefined, { 'content-type': 'text/html; charset=utf-8' }, '<html>secret</html>'))).toBe('HTTP 200, a body that is no JSON (text/html)');
  expect(inWords(answer(400, { serviceErrors: [{ code: 'a token with spaces and secrets' }] }))).toBe('HTTP 400');
});

it.each([
  [answer(200, { records: [] }), 'fine'],
  [answer(400, { serverErrorCode: 'BAD_REQUEST' }), 'fine'],
  [answer(403, { serverErrorCode: 'ACCESS_DENIED' }), 'fine'],
  [answer(200, { serverErrorCode: 'AUTHENTICATION_REQUIRED' }), 'stale'],
  [answer(401, { serverErrorCode: 'AUTHENTICATION_FAILED' }), 'stale'],
  [answer(450), 'stale'],
  [answer(200, { hasError: true }), 'stale'],
  [answer(421, {}), 'misrouted'],
  [answer(423, { errorReason: 'Missing PCS cookies from the request' }), 'locked'],
  [answer(200, undefined, {}, '<html>'), 'unknown'],
  [answer(404), 'unknown'],
])('what a service says about the session (%#)', (given, expected) => {
  expect(judge(given)).toBe(expected);
});
