import fc from 'fast-check';
import { compareChecksums, contentHash } from './content-hash';

const checksum = (...chunks: Uint8Array[]) => {
  const hash = contentHash();
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest();
};

// Made with other tools: printf 'com.apple.XattrObjectSalt\0com.apple.DataObjectSalt\0hello' | sha1sum, a byte 01 before it, base64.
it.each([
  ['nothing', Buffer.alloc(0), 'AW2cWT2PxzWixMKuuNMTHJ8CJ3sH'],
  ['hello', Buffer.from('hello'), 'AcW96XzA8CMFcrVWfJyAAy8aWWE6'],
  ['a mebibyte', Buffer.concat(Array.from({ length: 4096 }, () => Buffer.from(Array.from({ length: 256 }, (_, index) => index)))), 'AZI0oNEin+CR7yMSx8YTV+FJlpVT'],
])('is Apple’s checksum of %s', (_, content, expected) => expect(checksum(content).checksum).toBe(expected));

it('does not depend on how the content is cut', () => {
  fc.assert(fc.property(fc.array(fc.uint8Array()), (chunks) => expect(checksum(...chunks)).toEqual(checksum(Buffer.concat(chunks)))));
});

it('compares with what was recorded, and knows when it cannot', () => {
  const hello = checksum(Buffer.from('hello')).checksum;
  expect(compareChecksums(hello, hello)).toBe('same');
  expect(compareChecksums('AeYfMtlOMb3dM9bETic9fXkMpjMV', hello)).toBe('different');
  expect(compareChecksums('AY6c+BsE0jjaXx9tmVGJM1D2VcEO', hello)).toBe('different');
  expect(compareChecksums(`Ag${hello.slice(2)}`, hello)).toBe('unknown');
  expect(compareChecksums('', hello)).toBe('unknown');
  expect(compareChecksums('AQ==', hello)).toBe('unknown');
});
