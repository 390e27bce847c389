import fc from 'fast-check';
import { judgePut } from './put-answer';

/** As recorded of Apple (pyicloud's fixtures). */
const names = { cplMaster: 'AX/92+r9B5N+sKNFEfAYZX0FjsNr', cplAsset: '6D6CB701-C0BD-490D-92D4-181E47C67C7A' };
const uploadJobId = `${names.cplMaster}#PrimarySync:${names.cplAsset}`;
const read = { recordName: names.cplAsset, masterName: names.cplMaster };

it('reads what was made', () => {
  expect(judgePut([{ uploadJobId, ...names, response: { status: 200, isRetryable: false } }])).toEqual({ kind: 'created', names: { ...read, jobId: uploadJobId } });
});

it('reads 409 as what is there already, and knows no job for it', () => {
  expect(judgePut([{ ...names, response: { status: 409, errorMessage: 'duplicate asset' } }])).toEqual({ kind: 'already_there', names: { ...read, jobId: null } });
});

it('does not take the names in a refusal for an asset', () => {
  expect(judgePut([{ uploadJobId, ...names, response: { status: 503, isRetryable: true } }])).toMatchObject({ kind: 'trouble', trouble: { kind: 'retryable', code: 'ICLOUD_RATE_LIMITED' }, names: read });
});

it.each([
  [{ status: 507 }, 'ICLOUD_STORAGE_FULL'],
  [{ status: 400, isRetryable: false, errorMessage: 'unsupported type' }, 'ICLOUD_TYPE_REFUSED'],
  [{ status: 400, isRetryable: false, errorMessage: 'unknown receipt' }, 'ICLOUD_UPLOAD_REFUSED'],
])('reads the refusal %j', (response, code) => {
  expect(judgePut([{ response }])).toMatchObject({ kind: 'trouble', trouble: { kind: 'refused', code } });
});

it.each([[{}], [[]], [[{ ...names }, { ...names }]], [[{ response: { status: 200 } }]], [['x']], [null]])('does not understand %j', (answer) => {
  expect(judgePut(answer)).toMatchObject({ kind: 'not_understood' });
});

it('says of no answer at all that something was made, unless it names an asset', () => {
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.array(fc.jsonValue()), fc.record({ cplMaster: fc.string(), response: fc.record({ status: fc.integer() }) }).map((result) => [result])), (answer) => {
      expect(judgePut(answer).kind).not.toBe('created');
    }),
  );
});
