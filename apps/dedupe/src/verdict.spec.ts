import fc from 'fast-check';
import { aFile } from '@media-pipeline/testing';
import { contentHashes, judge, sidecarsAreKept } from './verdict';

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

describe('a sidecar', () => {
  const still = aFile({ sha256: 'still' });
  const steps = aFile({ id: 'steps', role: 'sidecar', sha256: 'steps' });

  it('is not what an asset is known by', () => {
    expect(contentHashes([still, steps, aFile({ role: 'edited', sha256: 'edit' })])).toEqual(['still', 'edit']);
    expect(contentHashes([steps])).toEqual([]);
    expect(judge('me', [], new Map())).toEqual({ kind: 'unique' });
  });

  it('lets an asset be a duplicate only where it is kept too', () => {
    expect(sidecarsAreKept([still, steps], [still])).toBe(false);
    expect(sidecarsAreKept([still, steps], [still, steps])).toBe(true);
    expect(sidecarsAreKept([still], [still])).toBe(true);
  });
});
