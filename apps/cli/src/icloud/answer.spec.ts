import fc from 'fast-check';
import { isYes, readAnswer, readChoice } from './answer';

describe('what is typed where a code is asked for', () => {
  it.each([
    ['123456', { kind: 'code', code: '123456' }],
    [' 123 456 ', { kind: 'code', code: '123456' }],
    ['123-456', { kind: 'code', code: '123456' }],
    ['012345', { kind: 'code', code: '012345' }],
    ['SMS', { kind: 'sms' }],
    ['again', { kind: 'again' }],
    ['', { kind: 'leave' }],
    ['later', { kind: 'leave' }],
  ])('%j is %j', (typed, answer) => {
    expect(readAnswer(typed)).toEqual(answer);
  });

  it('says what is wrong with anything else', () => {
    expect(readAnswer('12345')).toEqual({ kind: 'unclear', why: expect.stringContaining('six digits; that were 5') as string });
    expect(readAnswer('resend')).toMatchObject({ kind: 'unclear' });
  });

  it('never takes anything but six digits for a code', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('0', '1', '9', ' ', '-', 'a', '\t') }), (typed) => {
        const answer = readAnswer(typed);
        return answer.kind !== 'code' || (/^\d{6}$/.test(answer.code) && typed.replaceAll(/\D/g, '') === answer.code);
      }),
    );
  });

  it('chooses by place in the list', () => {
    expect(readChoice('2', ['a', 'b'])).toBe('b');
    for (const typed of ['0', '3', '1.5', 'x', '']) expect(readChoice(typed, ['a', 'b'])).toBeNull();
  });

  it('takes nothing for a yes but a yes', () => {
    expect(['y', 'Yes', ' y '].every(isYes)).toBe(true);
    expect(['', 'n', 'yep', null].some(isYes)).toBe(false);
  });
});
