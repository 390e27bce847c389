import fc from 'fast-check';
import { aFile } from '@media-pipeline/testing';
import { claimsOf, contentHashes, judge, sidecarsAreKept, type Holder } from './verdict';

const owners = (entries: Record<string, string>): Map<string, string> => new Map(Object.entries(entries));

describe('judge', () => {
  it('calls content that nobody else has unique', () => {
    expect(judge('me', ['a'], owners({ a: 'me' }), [])).toEqual({ kind: 'unique', overlap: null });
  });

  it('calls content that another asset has a duplicate of it', () => {
    expect(judge('me', ['a'], owners({ a: 'other' }), [{ id: 'other', hashes: ['a'] }])).toEqual({ kind: 'duplicate', of: 'other' });
  });

  it('keeps a Live Photo whose still alone is known, and says so', () => {
    expect(judge('pair', ['still', 'video'], owners({ still: 'lone', video: 'pair', set: 'pair' }), [{ id: 'lone', hashes: ['still'] }])).toEqual({ kind: 'unique', overlap: 'lone' });
  });

  it('keeps a pair whose halves belong to two others, once', () => {
    const halves = [{ id: 'lone', hashes: ['still'] }, { id: 'clip', hashes: ['video'] }];
    expect(judge('pair', ['still', 'video'], owners({ still: 'lone', video: 'clip', set: 'pair' }), halves)).toEqual({ kind: 'unique', overlap: 'lone' });
    const known = [...halves, { id: 'pair', hashes: ['still', 'video'] }];
    expect(judge('again', ['still', 'video'], owners({ still: 'lone', video: 'clip', set: 'pair' }), known)).toEqual({ kind: 'duplicate', of: 'pair' });
  });

  it('takes the lone half of a known Live Photo for a duplicate', () => {
    expect(judge('lone', ['still'], owners({ still: 'pair' }), [{ id: 'pair', hashes: ['still', 'video'] }])).toEqual({ kind: 'duplicate', of: 'pair' });
  });

  it('leaves one of each content, in whatever order assets are judged', () => {
    const content = fc.uniqueArray(fc.nat(3).map(String), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(content, { minLength: 1, maxLength: 10 }), (assets) => {
        const claims = new Map<string, string>();
        const kept: Holder[] = [];
        for (const [index, hashes] of assets.entries()) {
          const id = String(index);
          const mine = claimsOf(hashes);
          for (const claim of mine) if (!claims.has(claim)) claims.set(claim, id);
          const owned = new Map(mine.map((claim) => [claim, claims.get(claim) ?? '']));
          const verdict = judge(id, hashes, owned, kept.filter((holder) => [...owned.values()].includes(holder.id)));
          if (verdict.kind === 'unique') kept.push({ id, hashes });
          else expect(kept.map((holder) => holder.id)).toContain(verdict.of);
        }
        for (const hashes of assets) expect(kept.some((holder) => hashes.every((hash) => holder.hashes.includes(hash)))).toBe(true);
        const sets = kept.map(({ hashes }) => [...hashes].sort().join());
        expect(new Set(sets).size).toBe(sets.length);
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
    expect(judge('me', [], new Map(), [])).toEqual({ kind: 'unique', overlap: null });
  });

  it('lets an asset be a duplicate only where it is kept too', () => {
    expect(sidecarsAreKept([still, steps], [still])).toBe(false);
    expect(sidecarsAreKept([still, steps], [still, steps])).toBe(true);
    expect(sidecarsAreKept([still], [still])).toBe(true);
  });
});
