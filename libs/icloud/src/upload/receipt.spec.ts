import fc from 'fast-check';
import { judgeSent } from './receipt';

const checksum = 'AeYfMtlOMb3dM9bETic9fXkMpjMV';
const other = 'AY6c+BsE0jjaXx9tmVGJM1D2VcEO';
const file = { bytes: 3105, checksum };
const receipt = { referenceChecksum: 'AZref', size: 3105, fileChecksum: checksum, wrappingKey: 'key==', receipt: 'opaque', somethingNew: { a: 1 } };
const sent = (status: number, json: unknown, headers: Record<string, string> = {}) => judgeSent({ status, headers, json }, file, 0);

it('takes a receipt verbatim, with what it does not know', () => {
  expect(sent(200, { singleFile: receipt })).toEqual({ kind: 'taken', receipt });
});

it.each([
  ['no size', { size: undefined }],
  ['a size in words', { size: '3105' }],
  ['no checksum', { fileChecksum: null }],
  ['a checksum of another form', { fileChecksum: 'Ag==' }],
])('takes one with %s', (_, more) => {
  expect(sent(200, { singleFile: { ...receipt, ...more } })).toMatchObject({ kind: 'taken' });
});

it.each([
  ['another size', { size: 3000 }, 'damaged'],
  ['another checksum', { fileChecksum: other }, 'damaged'],
  ['no receipt', { receipt: undefined }, 'not_understood'],
])('does not take one with %s', (_, more, kind) => {
  expect(sent(200, { singleFile: { ...receipt, ...more } })).toMatchObject({ kind });
});

it.each([
  [410, {}, { kind: 'address', status: 410 }],
  [403, {}, { kind: 'address', status: 403 }],
  [403, { errorReason: 'quota exceeded' }, { kind: 'refused', trouble: { code: 'ICLOUD_STORAGE_FULL' } }],
  [503, {}, { kind: 'later', status: 503, afterMs: 7000 }],
  [500, {}, { kind: 'later', status: 500 }],
  [413, {}, { kind: 'refused', trouble: { code: 'ICLOUD_FILE_TOO_LARGE' } }],
  [415, {}, { kind: 'refused', trouble: { code: 'ICLOUD_TYPE_REFUSED' } }],
  [400, { errorReason: 'Received 10 of 3105 bytes' }, { kind: 'not_understood' }],
  [204, undefined, { kind: 'not_understood' }],
])('reads %i %j', (status, json, expected) => {
  expect(sent(status, json, { 'retry-after': '7' })).toMatchObject(expected);
});

it('makes something of every answer', () => {
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 599 }), fc.jsonValue(), (status, json) => {
      const verdict = sent(status, json);
      expect(verdict.kind === 'taken').toBe(false);
    }),
  );
});
