import path from 'node:path';
import fc from 'fast-check';
import { LibraryPath } from './library-path';

describe('LibraryPath', () => {
  it.each(['originals/x.jpg', 'sorted/2021/05/03/🎂 party.HEIC', 'originals/-rf.jpg', 'originals/a\nb.jpg'])('takes %j', (good) => {
    expect(LibraryPath.parse(good)).toBe(good);
  });

  it.each(['', '/etc/passwd', '../secret', 'originals/../../x', 'originals//x', './x', 'originals/.', 'C:\\x', 'a\0b', `originals/${'x'.repeat(4100)}`])('refuses %j', (bad) => {
    expect(LibraryPath.safeParse(bad).success).toBe(false);
  });

  it('never leaves the library, whatever it accepts', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.array(fc.constantFrom('..', '.', '', 'a', '/', '\\', 'originals')).map((parts) => parts.join('/'))), (text) => {
        const parsed = LibraryPath.safeParse(text);
        if (!parsed.success) return true;
        const absolute = path.posix.join('/library', parsed.data);
        return absolute.startsWith('/library/') && absolute === `/library/${parsed.data}`;
      }),
    );
  });
});
