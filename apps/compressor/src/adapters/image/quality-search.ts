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
      const steps = Math.ceil((wanted - distance(trial.score)) / -Math.abs(space.slope));
      next = Math.min(best, Math.max(worst, good(trial) + (pass ? Math.min(-1, steps) : Math.max(1, steps))));
    }
    if (trials.length >= mostTrials) return pass ? { chosen: pass.value, reached: true, size: pass.size, trials } : { chosen: best * space.direction, reached: false, size: trial.size, trials };
  }
}
