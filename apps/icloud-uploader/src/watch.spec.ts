import fc from 'fast-check';
import type { PageState } from './page-state';
import { endingOf, type Observation } from './watch';

const limits = { stallMs: 60_000, beginMs: 30_000, settleMs: 5_000 };
const at = (changes: Partial<Observation>) => endingOf({ state: { kind: 'idle' }, busy: false, quietMs: 0, begun: true, allPut: false, elapsedMs: 10_000, ...changes }, limits);
const uploading: PageState = { kind: 'uploading', done: 1, total: 3 };

it.each([
  ['goes on while requests are under way', { busy: true, quietMs: 59_000 }, null],
  ['is dead when nothing moves for too long', { busy: true, quietMs: 61_000 }, 'stalled'],
  ['is dead when the page counts no further', { state: uploading, quietMs: 61_000 }, 'stalled'],
  ['waits for its beginning', { begun: false, elapsedMs: 29_000, quietMs: 29_000 }, null],
  ['never began', { begun: false, elapsedMs: 31_000, quietMs: 31_000 }, 'never_began'],
  ['is through when every file was put', { allPut: true }, 'through'],
  ['is through when the page says so', { state: { kind: 'finished' } }, 'through'],
  ['is not through by what the page said of an earlier one', { state: { kind: 'finished' }, begun: false }, null],
  ['is through when nothing moves any more', { quietMs: 5_001 }, 'through'],
  ['is through when all were rejected', { begun: false, state: { kind: 'rejected_type', text: 'x' }, quietMs: 5_001 }, 'through'],
  ['ends when there is no room', { busy: true, state: { kind: 'quota_full', text: 'x' } }, 'quota_full'],
  ['ends when somebody is to sign in', { busy: true, state: { kind: 'signed_out' } }, 'signed_out'],
  ['gives a dialog time to be one that passes', { state: { kind: 'dialog', text: 'x' }, quietMs: 1_000 }, null],
  ['ends at a dialog that stays', { state: { kind: 'dialog', text: 'x' }, quietMs: 6_000 }, 'dialog'],
  ['is through in spite of a box that stays when every file was put', { state: { kind: 'dialog', text: 'storage is almost full' }, allPut: true, quietMs: 6_000 }, 'through'],
] as const)('%s', (_, observation, ending) => {
  expect(at(observation)).toBe(ending);
});

it('ends at last, whatever the page shows', () => {
  const state = fc.constantFrom<PageState>({ kind: 'idle' }, { kind: 'finished' }, uploading, { kind: 'dialog', text: 'x' }, { kind: 'rejected_type', text: 'x' }, { kind: 'partial_failure', text: 'x' });
  fc.assert(fc.property(state, fc.boolean(), fc.boolean(), (shown, busy, begun) => expect(at({ state: shown, busy, begun, quietMs: 70_000, elapsedMs: 80_000 })).not.toBeNull()));
});
