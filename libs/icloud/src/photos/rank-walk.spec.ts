import fc from 'fast-check';
import { RankWalk } from './rank-walk';

interface Happening {
  readonly page: number;
  readonly kind: 'delete' | 'insert' | 'empty' | 'short';
  readonly at: number;
}

/** Walks over a list that changes between pages; returns what was seen of it. */
function walk(length: number, step: number, happenings: readonly Happening[], countKnown: boolean) {
  let next = length;
  const list = Array.from({ length }, (_, index) => index);
  const here = new Set(list); // whatever was there all the time
  const seen = new Set<number>();
  const ranks = new RankWalk(step);
  let pages = 0;
  for (; pages < 3000; pages += 1) {
    let empty = false;
    let short = step;
    for (const { page, kind, at } of happenings) {
      if (page !== pages) continue;
      if (kind === 'delete' && list.length > 0) for (const item of list.splice(at % list.length, 1)) here.delete(item);
      if (kind === 'insert') list.splice(at % (list.length + 1), 0, next++);
      if (kind === 'empty') empty = true;
      if (kind === 'short') short = Math.max(2, at % step);
    }
    const page = empty ? [] : list.slice(ranks.rank, ranks.rank + short);
    const fresh = page.filter((item) => !seen.has(item));
    for (const item of page) seen.add(item);
    if (!ranks.answered({ covered: page.length, fresh: fresh.length, freshMasters: 0, familiar: page.length - fresh.length }, countKnown ? list.length : null)) break;
  }
  return { seen, here, pages };
}

const happenings = (kinds: Happening['kind'][]) => fc.array(fc.record({ page: fc.nat({ max: 30 }), kind: fc.constantFrom(...kinds), at: fc.nat({ max: 500 }) }), { maxLength: 20 });

it('sees everything that was there from the beginning to the end, while photos come and go and pages are short', () => {
  fc.assert(
    fc.property(fc.nat({ max: 400 }), fc.integer({ min: 8, max: 60 }), happenings(['delete', 'insert', 'short']), fc.boolean(), (length, step, events, countKnown) => {
      const { seen, here, pages } = walk(length, step, events, countKnown);
      for (const item of here) expect(seen).toContain(item);
      expect(pages).toBeLessThan(length / (step - Math.min(4, Math.floor(step / 2))) + 14 * events.length + 30);
    }),
    { numRuns: 400 },
  );
});

it('does not take an empty page for the end, nor two in a row', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 8, max: 60 }), fc.uniqueArray(fc.nat({ max: 40 }), { maxLength: 12 }), (length, step, pages) => {
      const spaced = pages.sort((a, b) => a - b).filter((page, index, all) => index < 2 || page > (all[index - 2] ?? 0) + 2);
      const { seen, here } = walk(length, step, spaced.map((page) => ({ page, kind: 'empty', at: 0 })), true);
      for (const item of here) expect(seen).toContain(item);
    }),
    { numRuns: 400 },
  );
});

it('goes round a place that stays empty', () => {
  const ranks = new RankWalk(10);
  const seen = new Set<number>();
  let pages = 0;
  for (let more = true; more; pages += 1) {
    const start = ranks.rank;
    const page = start >= 20 && start < 30 ? [] : Array.from({ length: Math.max(0, Math.min(10, 60 - start)) }, (_, index) => start + index).filter((item) => item < 20 || item >= 30);
    const fresh = page.filter((item) => !seen.has(item));
    for (const item of page) seen.add(item);
    more = ranks.answered({ covered: page.length, fresh: fresh.length, freshMasters: 0, familiar: page.length - fresh.length }, 60);
  }
  expect(seen.size).toBe(50);
  expect(pages).toBeLessThan(20);
});

it('needs one page and a count for an empty library, and one page more than a full one has', () => {
  expect(walk(0, 100, [], true).pages).toBe(0);
  expect(walk(1000, 100, [], true).pages).toBeLessThanOrEqual(11);
});
