import type { LibraryPath } from '@media-pipeline/contracts';
import type { Batch } from '@media-pipeline/schema';
import { reasonToSeal } from './sealing';

const limits = { maxBytes: 1000, maxFiles: 10, maxWaitMs: 60_000, clearBefore: false, resolveNameConflicts: true };
const createdAt = new Date('2026-01-01T00:00:00Z');
const batch = (fileCount: number, totalBytes: number): Batch => ({ id: 'b', destination: 'icloud', status: 'open', path: 'bridge/icloud/b' as LibraryPath, fileCount, totalBytes, createdAt, completedAt: null });
const after = (ms: number, more: { quietMs?: number; singleRun?: boolean } = {}) => ({ now: new Date(createdAt.getTime() + ms), quietMs: null, singleRun: false, ...more });

describe('reasonToSeal', () => {
  it('never seals an empty batch', () => {
    expect(reasonToSeal(batch(0, 0), limits, after(1e9, { quietMs: 1e9, singleRun: true }))).toBeNull();
  });

  it('seals at the limit of files and at the limit of bytes', () => {
    expect(reasonToSeal(batch(10, 5), limits, after(0))).toBe('full');
    expect(reasonToSeal(batch(1, 1000), limits, after(0))).toBe('full');
    expect(reasonToSeal(batch(9, 999), limits, after(0))).toBeNull();
  });

  it('waits no longer than it may', () => {
    expect(reasonToSeal(batch(1, 1), limits, after(59_999))).toBeNull();
    expect(reasonToSeal(batch(1, 1), limits, after(60_000))).toBe('waited');
  });

  it('does not wait for what cannot come: at once in a single run, after a moment for stragglers in a service', () => {
    expect(reasonToSeal(batch(1, 1), limits, after(0, { singleRun: true, quietMs: 0 }))).toBe('complete');
    expect(reasonToSeal(batch(1, 1), limits, after(0, { singleRun: true }))).toBeNull();
    expect(reasonToSeal(batch(1, 1), limits, after(0, { quietMs: 4_999 }))).toBeNull();
    expect(reasonToSeal(batch(1, 1), limits, after(0, { quietMs: 5_000 }))).toBe('complete');
  });
});
