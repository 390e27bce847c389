import { LibraryPath, type AssetState } from '@media-pipeline/contracts';
import type { Batch, Delivery } from '@media-pipeline/schema';
import { nextMessages } from './next-messages';

const id = '01970000-0000-7000-8000-000000000001';
const batch = (name: string, destination: 'icloud' | 'pixel', status: Batch['status']): Batch => ({ id: name, destination, status, path: LibraryPath.parse(`bridge/${destination}/${name}`), fileCount: 1, totalBytes: 1, createdAt: new Date(0), completedAt: null });
const delivery = (batchId: string, destination: 'icloud' | 'pixel', state: Delivery['state']): Delivery => ({ id: `${batchId}-1`, assetId: id, fileId: 'f', batchId, destination, name: 'a.jpg', sha256: '', bytes: 1, state, evidence: null });
const subjects = (state: AssetState, deliveries: Delivery[] = [], batches: Batch[] = []) => nextMessages({ id, state }, deliveries, new Map(batches.map((one) => [one.id, one])), 'pass').map(({ subject }) => subject);

describe('the messages that a state asks for', () => {
  it('are the ones that its stage takes in', () => {
    expect(subjects('arriving')).toEqual(['media.ingest.requested']);
    expect(subjects('discovered')).toEqual(['media.discovered']);
    expect(subjects('unique')).toEqual(['media.unique']);
    expect(subjects('compressed')).toEqual(['media.compressed']);
    expect(subjects('verified')).toEqual(['media.verified']);
  });

  it('are none at the end', () => {
    for (const state of ['sorted', 'completed', 'duplicate', 'set_aside', 'failed'] as const) expect(subjects(state)).toEqual([]);
  });

  it('of an asset in batches are those of the batches, as far as they are sealed', () => {
    const batches = [batch('i', 'icloud', 'created'), batch('p', 'pixel', 'open')];
    expect(subjects('bridged', [delivery('i', 'icloud', 'staged'), delivery('i', 'icloud', 'staged'), delivery('p', 'pixel', 'staged')], batches)).toEqual(['media.bridged.icloud']);
    expect(subjects('bridged', [delivery('i', 'icloud', 'off')], batches)).toEqual(['media.uploaded.icloud']);
    expect(subjects('bridged')).toEqual(['media.bridged.none']);
    expect(subjects('compressed', [delivery('p', 'pixel', 'staged')], batches)).toEqual([]);
  });

  it('have ids of their own for each pass', () => {
    const ids = ['a', 'b'].map((pass) => nextMessages({ id, state: 'unique' }, [], new Map(), pass)[0]?.id);
    expect(new Set(ids).size).toBe(2);
  });
});
