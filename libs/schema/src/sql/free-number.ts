/**
 * A number from 2 on that is not taken, where the one before it is (or it is 2), found in about 2·log2(n) questions: doubling until one is free,
 * then halving. With gaps in what is taken that need not be the smallest free one, which nobody minds; asking for each in turn would cost
 * thousands of queries in a folder with thousands of equal names. `from` is where to begin, when the caller knows that all before it are taken.
 */
export async function freeNumber(isTaken: (n: number) => boolean | Promise<boolean>, from = 2): Promise<number> {
  if (!(await isTaken(from))) return from;
  let taken = from;
  let step = 1;
  while (await isTaken(taken + step)) {
    taken += step;
    step *= 2;
  }
  let free = taken + step;
  while (free - taken > 1) {
    const middle = Math.floor((taken + free) / 2);
    if (await isTaken(middle)) taken = middle;
    else free = middle;
  }
  return free;
}
