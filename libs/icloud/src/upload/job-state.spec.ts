import fc from 'fast-check';
import { laterState, readJobs, type JobState } from './job-state';
import { chunks } from './upload-calls';

it.each([
  [{ progress: 95 }, { kind: 'under_way', progress: 95 }],
  [{ progress: 100 }, { kind: 'done' }],
  [{ errorCode: 404 }, { kind: 'unknown' }],
  [{ errorCode: '404' }, { kind: 'unknown' }],
  [{ errorCode: 500 }, { kind: 'failed', errorCode: 500 }],
  [{ progress: 'half' }, { kind: 'unknown' }],
  [null, { kind: 'unknown' }],
])('reads %j', (entry, state) => {
  expect(readJobs({ job: entry }, ['job'])).toEqual(new Map([['job', state]]));
});

it('knows nothing of a job that is not in the answer', () => {
  expect([...readJobs({ other: { progress: 100 } }, ['job', '__proto__'])]).toEqual([
    ['job', { kind: 'unknown' }],
    ['__proto__', { kind: 'unknown' }],
  ]);
  expect([...readJobs('what?', ['job'])]).toEqual([['job', { kind: 'unknown' }]]);
});

const state = fc.oneof(
  fc.record({ kind: fc.constant('under_way' as const), progress: fc.integer({ min: 0, max: 99 }) }),
  fc.constant<JobState>({ kind: 'done' }),
  fc.constant<JobState>({ kind: 'unknown' }),
  fc.record({ kind: fc.constant('failed' as const), errorCode: fc.integer() }),
);
const merged = (states: readonly JobState[]): JobState | undefined => states.reduce<JobState | undefined>((before, now) => laterState(before, now), undefined);
const rank = (job: JobState | undefined): number => (job === undefined || job.kind === 'unknown' ? -1 : job.kind === 'under_way' ? job.progress : 100);

it('never goes back, whatever the answers and in whatever pieces they are merged', () => {
  fc.assert(
    fc.property(fc.array(state), state, (states, next) => {
      const before = merged(states);
      const after = laterState(before, next);
      expect(rank(after)).toBeGreaterThanOrEqual(rank(before));
      expect(laterState(after, next)).toEqual(after);
      if (before?.kind === 'done' || before?.kind === 'failed') expect(after).toEqual(before);
    }),
  );
});

it('cuts a list into pieces that are the list', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 20 }), (items, size) => {
      const pieces = chunks(items, size);
      expect(pieces.flat()).toEqual(items);
      expect(pieces.every(({ length }) => length > 0 && length <= size)).toBe(true);
      expect(pieces.length).toBe(Math.ceil(items.length / size));
    }),
  );
});
