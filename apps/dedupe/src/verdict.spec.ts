import fc from 'fast-check';
import { judge } from './verdict';

const owners = (entries: Record<string, string>): Map<string, string> => new Map(Object.entries(entries));

describe('judge', () => {
  it('calls content that nobody else has unique', () => {
    expect(judge('me', ['a'], owners({ a: 'me' }))).toEqual({ kind: 'unique' });
  });

  it('calls content that another asset has a duplicate of it', () => {
    expect(judge('me', ['a'], owners({ a: 'other' }))).toEqual({ kind: 'duplicate', of: 'other' });
  });

  it('keeps a Live Photo whose still alone is known', () => {
    expect(judge('pair', ['still', 'video'], owners({ still: 'lone', video: 'pair' }))).toEqual({ kind: 'unique' });
  });

  it('takes the lone half of a known Live Photo for a duplicate', () => {
    expect(judge('lone', ['still'], owners({ still: 'pair', video: 'pair' }))).toEqual({ kind: 'duplicate', of: 'pair' });
  });

  it('never calls an asset a duplicate of itself or of two others', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('me', 'x', 'y'), { minLength: 1, maxLength: 4 }), (owned) => {
        const hashes = owned.map((_, index) => `h${index}`);
        const verdict = judge('me', hashes, new Map(hashes.map((hash, index) => [hash, owned[index] ?? 'me'])));
        return verdict.kind === 'unique' ? new Set(owned).size > 1 || owned[0] === 'me' : verdict.of !== 'me' && new Set(owned).size === 1;
      }),
    );
  });
});
