import type { DatabaseConfig } from '../..';
import { startWorker } from '../processes';
import { newPrefix } from '../samples';
import type { RaceResult } from '../worker';
import type { Setup } from './setup';

export function raceContract(setup: () => Setup, config: () => DatabaseConfig): void {
  it('keeps its word to several processes at once', async () => {
    const { database } = setup();
    const prefix = newPrefix();
    const workers = [0, 1, 2].map((worker) => startWorker({ kind: 'race', config: config(), prefix, worker }));
    const results = await Promise.all(workers.map(async ({ ended }) => JSON.parse((await ended).at(-1) ?? '') as RaceResult));
    // The same source files are the same assets to all.
    for (const { shared } of results) expect(shared).toEqual(results[0]?.shared);
    expect(new Set(results[0]?.shared).size).toBe(60);
    // No two files have the same place.
    expect(new Set(results.flatMap(({ own }) => own)).size).toBe(180);
    // Each content has one owner, whoever asks.
    const owners = new Map<string, string>();
    for (const [hash, owner] of results.flatMap((result) => result.owners)) {
      expect(owners.get(hash) ?? owner).toBe(owner);
      owners.set(hash, owner);
    }
    expect(owners.size).toBe(60);
    // No file is in two batches, no batch is over its limit.
    const files = new Set<string>();
    for (const id of results[0]?.shared ?? []) for (const { fileId } of await database.batches.deliveriesOf(id)) files.add(fileId);
    expect(files.size).toBe(60);
    for (const { id, fileCount } of await database.batches.open()) {
      expect((await database.batches.deliveries(id)).length).toBe(fileCount);
      expect(fileCount).toBeLessThanOrEqual(7);
    }
  });
}
