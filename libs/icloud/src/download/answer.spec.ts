import { judge } from './answer';

const whole = { have: 0, bytes: 1000 };
const rest = { have: 400, bytes: 1000 };
const headers = (all: Record<string, string>) => all;

it.each([
  ['the whole file', 200, headers({ 'content-length': '1000', 'content-type': 'image/jpeg' }), whole, 'whole'],
  ['the whole file although a part was asked for', 200, headers({ 'content-length': '1000' }), rest, 'whole'],
  ['a file without a length', 200, headers({}), whole, 'whole'],
  ['the part asked for', 206, headers({ 'content-range': 'bytes 400-999/1000' }), rest, 'append'],
  ['the part of a file whose size is not said', 206, headers({ 'content-range': 'bytes 400-999/*' }), rest, 'append'],
  ['another part', 206, headers({ 'content-range': 'bytes 0-999/1000' }), rest, 'restart'],
  ['a part of another file', 206, headers({ 'content-range': 'bytes 400-1999/2000' }), rest, 'not_the_file'],
  ['a part, who knows which', 206, headers({}), rest, 'restart'],
  ['no such part', 416, headers({}), rest, 'restart'],
  ['no part was asked for', 416, headers({}), whole, 'not_the_file'],
  ['a web page', 200, headers({ 'content-type': 'text/html; charset=utf-8' }), whole, 'not_the_file'],
  ['a message of 17 bytes', 200, headers({ 'content-length': '17' }), whole, 'not_the_file'],
  ['an address that ran out', 410, headers({}), rest, 'address'],
  ['an address that is refused', 403, headers({}), whole, 'address'],
  ['too many', 429, headers({}), whole, 'later'],
  ['a server in trouble', 500, headers({}), whole, 'later'],
  ['somewhere else', 302, headers({ location: '/' }), whole, 'not_the_file'],
])('%s', (_, status, all, wanted, kind) => expect(judge(status, all, wanted, 0).kind).toBe(kind));

it('reads Retry-After as seconds and as a date', () => {
  expect(judge(503, { 'retry-after': '120' }, whole, 0)).toMatchObject({ afterMs: 120_000 });
  expect(judge(429, { 'retry-after': new Date(90_000).toUTCString() }, whole, 30_000)).toMatchObject({ afterMs: 60_000 });
  expect(judge(429, {}, whole, 0)).toMatchObject({ afterMs: null });
});
