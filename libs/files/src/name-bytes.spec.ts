import fc from 'fast-check';
import { bytesOfName, textOfName } from './name-bytes';

it.each([
  [Buffer.from('café 📷.jpg'), 'café 📷.jpg'],
  [Buffer.from([0x61, 0xff, 0x62]), 'a%FFb'],
  [Buffer.from('100%.jpg'), '100%.jpg'],
  [Buffer.from('a%20b.jpg'), 'a%20b.jpg'],
  [Buffer.from('a%FFb'), 'a%25FFb'],
  [Buffer.from('a%25b'), 'a%2525b'],
  [Buffer.from([0x25, 0xff]), '%%FF'],
])('names %p as %j and finds it again', (bytes, text) => {
  expect(textOfName(bytes)).toBe(text);
  expect(bytesOfName(text)).toEqual(bytes);
});

it('gives back any bytes', () => {
  const byte = fc.oneof(fc.integer({ min: 1, max: 255 }), fc.constantFrom(...Buffer.from('%25FFé')));
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 40 }), (values) => {
      const bytes = Buffer.from(values);
      const text = textOfName(bytes);
      expect(Buffer.from(text).toString()).toBe(text);
      expect(bytesOfName(text)).toEqual(bytes);
    }),
    { numRuns: 3_000 },
  );
});
