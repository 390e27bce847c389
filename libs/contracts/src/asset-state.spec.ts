import fc from 'fast-check';
import { assetStates, canMove, isTerminal, standing, type AssetState } from './asset-state';

const state = fc.constantFrom(...assetStates);

describe('the state machine', () => {
  it('lets no ended asset go on by itself', () => {
    for (const end of ['sorted', 'completed'] as const) {
      expect(assetStates.filter((next) => canMove(end, next))).toEqual([]);
    }
    // a person may say that it is none: `duplicates undo`
    expect(assetStates.filter((next) => canMove('duplicate', next))).toEqual(['unique']);
  });

  it('reaches an end from every state', () => {
    const reaches = (from: AssetState, seen = new Set<AssetState>()): boolean => {
      if (isTerminal(from)) return true;
      seen.add(from);
      return assetStates.some((next) => canMove(from, next) && !seen.has(next) && reaches(next, seen));
    };
    fc.assert(fc.property(state, (from) => reaches(from)));
  });

  it('never moves backwards on the main road, except to revive what was stopped', () => {
    fc.assert(
      fc.property(state, state, (from, to) => {
        if (!canMove(from, to) || from === 'set_aside' || from === 'failed' || from === 'duplicate') return true;
        return assetStates.indexOf(to) > assetStates.indexOf(from);
      }),
    );
  });

  it('can stop every asset that has not ended, and revive it where it was', () => {
    fc.assert(
      fc.property(state, (from) => {
        if (isTerminal(from)) return true;
        return (['set_aside', 'failed'] as const).every((stop) => canMove(from, stop) && canMove(stop, from));
      }),
    );
  });

  it('says of any state how a message stands to it', () => {
    expect(standing('discovered', 'discovered')).toBe('due');
    expect(standing('sorted', 'discovered')).toBe('past');
    expect(standing('duplicate', 'unique')).toBe('ended');
    expect(standing('arriving', 'discovered')).toBe('early');
  });
});
