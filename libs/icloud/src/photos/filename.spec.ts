import fc from 'fast-check';
import { decodeFilename, filenameOf } from './filename';

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('decodeFilename', () => {
  it.each([
    ['plain text', { type: 'STRING', value: 'IMG_0001.HEIC' }, 'IMG_0001.HEIC'],
    ['base64', { type: 'ENCRYPTED_BYTES', value: base64('IMG_0001.HEIC') }, 'IMG_0001.HEIC'],
    ['base64 without a type', { value: base64('IMG_0001.HEIC') }, 'IMG_0001.HEIC'],
    ['base64 that calls itself STRING', { type: 'STRING', value: 'SU1HXzAyMDYuRE5H' }, 'IMG_0206.DNG'],
    ['plain text without a type', { value: 'IMG 1.JPG' }, 'IMG 1.JPG'],
    ['emoji', { type: 'ENCRYPTED_BYTES', value: base64('🏖️ été.jpg') }, '🏖️ été.jpg'],
    ['what cannot be decoded', { type: 'ENCRYPTED_BYTES', value: '\u0000not base64' }, null],
    ['bytes that are no text', { type: 'ENCRYPTED_BYTES', value: Buffer.of(0xff, 0xfe, 0x00).toString('base64') }, null],
    ['nothing', { type: 'STRING', value: '  ' }, null],
    ['no field', null, null],
  ])('reads %s', (_, field, expected) => expect(decodeFilename(field)).toBe(expected));

  it('gives back every name with an extension, however it is encoded', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => text.trim() === text && text !== '' && !/\p{Cc}/u.test(text)).map((stem) => `${stem}.HEIC`);
    fc.assert(
      fc.property(name, (text) => {
        expect(decodeFilename({ type: 'STRING', value: text })).toBe(text);
        expect(decodeFilename({ type: 'ENCRYPTED_BYTES', value: base64(text) })).toBe(text);
      }),
    );
  });
});

describe('filenameOf', () => {
  it.each([
    ['IMG_1.HEIC', 'public.heic', 'IMG_1.HEIC'],
    ['holiday', 'public.jpeg', 'holiday.JPG'],
    [null, 'com.apple.quicktime-movie', 'A_b_c-D.MOV'],
    [null, 'com.example.unheard-of', 'A_b_c-D'],
  ])('makes of %s and %s', (decoded, type, expected) => expect(filenameOf(decoded, 'A/b+c-D', type)).toBe(expected));
});
