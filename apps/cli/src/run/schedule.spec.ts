import { mayRun } from './schedule';

it('a scheduled run starts at most so often a day', () => {
  const morning = new Date(2026, 5, 1, 8);
  const noon = new Date(2026, 5, 1, 12);
  expect(mayRun([morning], noon, 1)).toBe(false);
  expect(mayRun([morning], noon, 2)).toBe(true);
  expect(mayRun([morning, noon], new Date(2026, 5, 2, 0, 1), 2)).toBe(true);
  expect(mayRun([morning, noon], noon, null)).toBe(true);
});
