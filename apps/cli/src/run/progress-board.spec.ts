import { assetStates, type AssetState } from '@media-pipeline/contracts';
import { ProgressBoard } from './progress-board';
import { progressLine } from './reporters';

const counts = (changes: Partial<Record<AssetState, number>>) => ({ ...(Object.fromEntries(assetStates.map((state) => [state, 0])) as Record<AssetState, number>), ...changes });

describe('the progress board', () => {
  it('knows rate and time left from the last half minute', () => {
    const board = new ProgressBoard();
    board.update(counts({ sorted: 0, arriving: 100 }), [], 0);
    board.update(counts({ sorted: 20, arriving: 80 }), [], 10_000);
    expect(board.view(10_000)).toMatchObject({ assets: 100, ended: 20, fraction: 0.2, rate: 2, etaSeconds: 40 });
    for (let at = 20_000; at <= 60_000; at += 10_000) board.update(counts({ sorted: 20, arriving: 80 }), [], at);
    expect(board.view(60_000)).toMatchObject({ rate: 0, etaSeconds: null });
  });

  it('shows what each busy stage has worked on longest, and forgets what never ended', () => {
    const board = new ProgressBoard();
    board.update(counts({ unique: 2 }), [{ stage: 'compressor', pending: 5, underWay: 2 }, { stage: 'sorter', pending: 0, underWay: 0 }], 0);
    board.report({ stage: 'compressor', assetId: 'a', label: 'a.mov', phase: 'working', fraction: 0.25 }, 0);
    board.report({ stage: 'compressor', assetId: 'b', label: 'b.jpg', phase: 'working' }, 10);
    board.report({ stage: 'compressor', assetId: 'a', label: 'a.mov', phase: 'working', fraction: 0.5 }, 20);
    expect(board.view(30).stages).toEqual([{ stage: 'compressor', waiting: 5, underWay: 2, current: 'a.mov', fraction: 0.5, etaSeconds: null }]);
    board.report({ stage: 'compressor', assetId: 'a', label: 'a.mov', phase: 'ended' }, 40);
    expect(board.view(50).stages[0]?.current).toBe('b.jpg');
    board.view(100_000);
    expect(board.view(100_000).stages[0]?.current).toBeNull();
  });

  it('says how long the file in hand will take, and begins anew with the next', () => {
    const board = new ProgressBoard();
    const at = (label: string, fraction: number, now: number): unknown => {
      board.report({ stage: 'compressor', assetId: 'a', label, phase: 'working', fraction }, now);
      return board.view(now).stages[0]?.etaSeconds;
    };
    expect(at('a.heic', 0.1, 0)).toBeNull();
    expect(at('a.heic', 0.6, 10_000)).toBe(8);
    expect(at('a.mov', 0.1, 20_000)).toBeNull();
    expect(at('a.mov', 0.2, 30_000)).toBe(80);
  });

  it('is a plain line, whatever the names hold', () => {
    const view = { assets: 10, ended: 4, fraction: 0.4, rate: 2, etaSeconds: 3, stages: [{ stage: 'dedupe' as const, waiting: 1, underWay: 1, current: 'a\nb\u001b[2J.jpg', fraction: null, etaSeconds: null }] };
    expect(progressLine(view)).toBe('4 of 10, 2.0/s, 3.0 s left · dedupe 2 (a\\x0ab\\x1b[2J.jpg)');
  });
});
