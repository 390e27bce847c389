import fc from 'fast-check';
import { assetsOf, equals, listType, mastersOf, PhotoServer, primary } from './spec-support/photo-server';
import type { Answer } from './spec-support/photo-server';

/** The ways in which public clients step through ranks, and what they do on an empty page. */
const steps = ['assets', 'masters', 'page', 'marker'] as const;
const onEmpty = ['again', 'on'] as const;

interface Plan {
  step: (typeof steps)[number];
  onEmpty: (typeof onEmpty)[number];
  limit: number;
  count: number;
  duplicated: number;
  splitPairs: number;
  emptyPage: number;
  insertMidPaging: number;
  seed: number;
}

const plans: fc.Arbitrary<Plan> = fc.record({
  step: fc.constantFrom(...steps),
  onEmpty: fc.constantFrom(...onEmpty),
  limit: fc.constantFrom(4, 6, 20, 50, 200),
  count: fc.integer({ min: 0, max: 120 }),
  duplicated: fc.constantFrom(0, 0.2),
  splitPairs: fc.constantFrom(0, 0.3, 1),
  emptyPage: fc.constantFrom(0, 0.3),
  insertMidPaging: fc.constantFrom(0, 0.3),
  seed: fc.integer({ min: 1, max: 10_000 }),
});

/** Walks all pages with no more thought than to pair records up at the end. */
async function walk(server: PhotoServer, { step, limit, onEmpty }: Plan): Promise<{ assets: Map<string, string>; masters: Set<string> }> {
  const [assets, masters] = [new Map<string, string>(), new Set<string>()];
  let rank = 0;
  let marker: string | undefined;
  for (let empty = 0; empty < 12; ) {
    const page: Answer =
      step === 'marker' && marker !== undefined
        ? await server.post('records/query', { query: { recordType: listType, filterBy: [equals('direction', 'ASCENDING')] }, continuationMarker: marker, resultsLimit: limit, zoneID: primary })
        : await server.list(rank, { limit });
    expect(page.records.length).toBeLessThanOrEqual(limit);
    for (const { recordName, fields } of assetsOf(page.records)) assets.set(recordName, fields.masterRef?.value.recordName ?? '');
    for (const { recordName } of mastersOf(page.records)) masters.add(recordName);
    if (step === 'marker') {
      if (page.continuationMarker === undefined) break;
      marker = page.continuationMarker;
      continue;
    }
    empty = page.records.length === 0 ? empty + 1 : 0;
    if (page.records.length === 0) rank += onEmpty === 'on' ? limit / 2 : 0;
    else rank += step === 'page' ? limit / 2 : Math.max(1, (step === 'assets' ? assetsOf : mastersOf)(page.records).length);
  }
  return { assets, masters };
}

it('shows every asset and its master at least once, however a client steps and whatever happens to the pages', async () => {
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      const server = await PhotoServer.start(plan.seed);
      try {
        const names = server.library.addSynthetic(plan.count, { mix: { duplicated: plan.duplicated, live: 0.2 } });
        for (const fault of ['splitPairs', 'emptyPage', 'insertMidPaging'] as const) server.faults.withProbability(`query.${fault}`, plan[fault]);
        const { assets, masters } = await walk(server, plan);
        expect(names.filter((name) => !assets.has(name))).toEqual([]);
        expect([...assets.values()].filter((master) => !masters.has(master))).toEqual([]);
      } finally {
        await server.close();
      }
    }),
    { numRuns: 25 },
  );
});
