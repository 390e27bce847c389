/**
 * Finds the weakest setting of an encoder that still reaches a score. The distance to perfection, ln(1 − score), is nearly a straight line
 * over the setting, so that two or three trials do where halving an interval takes five or six.
 *
 * This file imports nothing: it is also loaded by path into worker threads.
 */

export interface SearchSpace {
  readonly least: number;
  readonly most: number;
  readonly start: number;
  /** 1 where higher values are better (JPEG quality), -1 where lower ones are (crf). */
  readonly direction: 1 | -1;
  /** A first guess: by how much ln(1 − score) falls with each step to the better. */
  readonly slope: number;
  /** How finely the chosen value may be set; trials of its own are made in whole steps. 1 where it is left out. */
  readonly step?: number;
}

export interface Trial {
  readonly value: number;
  readonly score: number;
  /** Share of the file's bytes that would be left. */
  readonly size: number;
}

export interface Found {
  readonly chosen: number;
  /** False when not even the best setting reaches the score. */
  readonly reached: boolean;
  /** What would be left of the file, by the trials around the chosen value. */
  readonly size: number;
  readonly trials: readonly Trial[];
}

const mostTrials = 6;
/** So near, the value between two trials is taken without a trial of its own; the whole picture is measured anyway. */
const near = 4;

const distance = (score: number): number => Math.log(Math.max(1e-6, 1 - score));

/** @param attempt tries one value on samples */
export async function searchStrength(space: SearchSpace, target: number, attempt: (value: number) => Promise<{ readonly score: number; readonly size: number }>): Promise<Found> {
  // goodness counts steps to the better, whichever way the setting runs
  const [worst, best] = space.direction === 1 ? [space.least, space.most] : [-space.most, -space.least];
  const wanted = distance(target);
  const { step = 1 } = space;
  const trials: Trial[] = [];
  let pass: Trial | undefined;
  let fail: Trial | undefined;
  const good = (trial: Trial): number => trial.value * space.direction;
  let next = space.start * space.direction;
  for (;;) {
    const value = next * space.direction;
    const trial = { value, ...(await attempt(value)) };
    trials.push(trial);
    if (trial.score >= target) pass = trial;
    else fail = trial;
    if (pass && good(pass) <= worst) return { chosen: pass.value, reached: true, size: pass.size, trials };
    if (!pass && fail && good(fail) >= best) return { chosen: fail.value, reached: false, size: fail.size, trials };
    if (pass && fail) {
      const share = (distance(fail.score) - wanted) / Math.max(1e-9, distance(fail.score) - distance(pass.score));
      const between = Math.ceil((good(fail) + share * (good(pass) - good(fail))) / step - 1e-9) * step;
      const goal = Math.min(good(pass), Math.max(good(fail) + step, between));
      if (good(pass) - good(fail) <= near || goal === good(pass) || trials.length >= mostTrials) {
        const weight = (goal - good(fail)) / Math.max(1, good(pass) - good(fail));
        return { chosen: goal * space.direction, reached: true, size: fail.size * (pass.size / Math.max(1e-9, fail.size)) ** weight, trials };
      }
      next = goal;
    } else {
      const steps = Math.ceil((wanted - distance(trial.score)) / -courseOf(trials, space).slope);
      next = Math.min(best, Math.max(worst, good(trial) + (pass ? Math.min(-1, steps) : Math.max(1, steps))));
    }
    if (trials.length >= mostTrials) return pass ? { chosen: pass.value, reached: true, size: pass.size, trials } : { chosen: best * space.direction, reached: false, size: trial.size, trials };
  }
}

export interface Alternative<Way> {
  readonly way: Way;
  /** Where it should give what the first way gives at the value that was found for it. */
  readonly value: number;
}

/** So many steps off its aim, a trial of another way says too little about what it would take. */
const far = 3;
/** So much smaller, as a share, another way has to be: trials on samples are no nearer to the truth. */
const worthwhile = 0.004;

/**
 * Whether another way of coding (a table) does with fewer bytes than the one that was searched. Each is tried once or twice near the score;
 * what it would take to reach the score exactly is reckoned by how size and score went together in the first one's trials.
 */
export async function searchOtherWays<Way>(
  space: SearchSpace,
  target: number,
  first: Found,
  ways: readonly Alternative<Way>[],
  attempt: (way: Way, value: number) => Promise<{ readonly score: number; readonly size: number }>,
): Promise<{ readonly way: Way | null; readonly chosen: number; readonly size: number; readonly trials: readonly (Trial & { readonly way: Way })[] }> {
  const wanted = distance(target);
  const { slope, rate } = courseOf(first.trials, space);
  const off = ({ score }: Trial): number => (distance(score) - wanted) / slope;
  const atTarget = (trial: Trial): number => trial.size * Math.exp(rate * (wanted - distance(trial.score)));
  const nearest = (some: readonly Trial[]): Trial | undefined => some.toSorted((a, b) => Math.abs(off(a)) - Math.abs(off(b)))[0];
  const bounded = (value: number): number => Math.min(space.most, Math.max(space.least, value));
  const own = nearest(first.trials);
  let best = { way: null as Way | null, chosen: first.chosen, size: first.size, reckoned: own ? atTarget(own) * (1 - worthwhile) : 0 };
  const trials: (Trial & { way: Way })[] = [];
  for (const { way, value } of first.reached ? ways : []) {
    const tried: Trial[] = [];
    for (let next = bounded(value); tried.length < 2 && !tried.some((trial) => trial.value === next); ) {
      const trial = { value: next, ...(await attempt(way, next)) };
      tried.push(trial);
      trials.push({ ...trial, way });
      if (Math.abs(off(trial)) <= far) break;
      next = bounded(Math.round(next + off(trial) * space.direction));
    }
    const trial = nearest(tried);
    if (!trial) continue;
    const chosen = bounded(trial.value + Math.ceil(off(trial) - 0.25) * space.direction);
    const reckoned = atTarget(trial);
    if (Math.abs(off(trial)) <= 2 * far && reckoned < best.reckoned) best = { way, chosen, size: reckoned, reckoned };
  }
  return { way: best.way, chosen: best.chosen, size: best.size, trials };
}

/** How fast ln(1 − score) falls with each step to the better, and how ln(size) rises with it; by the two trials that are nearest to each other. */
function courseOf(trials: readonly Trial[], space: SearchSpace): { readonly slope: number; readonly rate: number } {
  const sorted = trials.toSorted((a, b) => a.value - b.value);
  const pairs = sorted.flatMap((a, index) => {
    const b = sorted[index + 1];
    return b && b.score !== a.score ? [{ gap: b.value - a.value, fall: distance(b.score) - distance(a.score), growth: Math.log(b.size / a.size) }] : [];
  });
  const [nearest] = pairs.filter(({ fall }) => fall * space.direction < 0).toSorted((a, b) => a.gap - b.gap);
  if (!nearest) return { slope: Math.abs(space.slope), rate: -0.5 };
  return { slope: Math.min(0.15, Math.max(0.015, Math.abs(nearest.fall) / nearest.gap)), rate: Math.min(-0.1, Math.max(-1.2, nearest.growth / nearest.fall)) };
}
