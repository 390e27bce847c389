import { FaultBoard } from './faults';

describe('FaultBoard', () => {
  it('strikes the next n times, always, or not at all', () => {
    const board = new FaultBoard();
    expect(board.take('drop')).toBe(false);
    board.once('drop', 2);
    expect([board.take('drop'), board.take('slow'), board.take('drop'), board.take('drop')]).toEqual([true, false, true, false]);
    board.always('slow');
    expect([board.take('slow'), board.take('slow')]).toEqual([true, true]);
    board.clear('slow');
    expect(board.take('slow')).toBe(false);
    expect([board.hits('drop'), board.hits('slow'), board.hits('any.429')]).toEqual([2, 2, 0]);
  });

  it('lets chances pass first when it is told to', () => {
    const board = new FaultBoard();
    board.after('putAsset.421', 2);
    expect(Array.from({ length: 4 }, () => board.take('putAsset.421'))).toEqual([false, false, true, false]);
  });

  it('draws the same from the same seed, whatever else is drawn', () => {
    const draw = (seed: number, others: number): boolean[] => {
      const board = new FaultBoard(seed);
      board.withProbability('drop', 0.5);
      board.withProbability('slow', 0.5);
      return Array.from({ length: 64 }, () => {
        for (let other = 0; other < others; other += 1) board.take('slow');
        return board.take('drop');
      });
    };
    expect(draw(1, 0)).toEqual(draw(1, 3));
    expect(draw(1, 0)).not.toEqual(draw(2, 0));
    const share = draw(1, 0).filter(Boolean).length / 64;
    expect(share).toBeGreaterThan(0.25);
    expect(share).toBeLessThan(0.75);
  });
});
