import { dead, retry, skip, type ErrorCode, type Outcome, type PipelineError } from '@media-pipeline/contracts';

/** How a reading stood when it broke off. */
export interface BrokenReading {
  /** The run is to end (`--once`): nobody waits for hours. */
  readonly ends: boolean;
  /** Readings in a row, this one included, that broke off without any progress. */
  readonly fruitless: number;
  /** When Apple may be asked again, where the session knows it. */
  readonly nextSignInAt: Date | null;
  readonly now: number;
}

const second = 1_000;
const minute = 60 * second;

/** How long (ms) to wait by what went wrong; longer from time to time, the last one repeats. */
const patience: Partial<Readonly<Record<ErrorCode, readonly number[]>>> = {
  ICLOUD_RATE_LIMITED: [5 * minute, 15 * minute, 60 * minute],
  ICLOUD_INDEXING: [2 * minute, 5 * minute, 15 * minute],
  ICLOUD_SIGN_IN_LIMIT: [60 * minute],
};
const usualPatience: readonly number[] = [minute, 5 * minute, 15 * minute, 60 * minute];
/** A run that somebody waits for. */
const shortPatience: readonly number[] = [second, 5 * second, 15 * second, 30 * second];
const mostFruitless = 5;
const longestWait = 2 * minute;

/**
 * What becomes of a reading that iCloud cut short; null for what is not iCloud's, which the bus judges like anything thrown.
 * What a person has to put right is said once and skipped until then; the rest is tried again after a while, for ever in a service, some
 * times in a run that ends.
 */
export function aftermath({ code, kind, message }: PipelineError, { ends, fruitless, nextSignInAt, now }: BrokenReading): Outcome | null {
  if (!code.startsWith('ICLOUD_') || (kind !== 'environment' && kind !== 'configuration')) return null;
  if (kind === 'configuration') return ends ? dead(code, message) : skip(message);
  const told = nextSignInAt === null ? 0 : nextSignInAt.getTime() - now;
  if (ends && (fruitless >= mostFruitless || told > longestWait)) return dead(code, message);
  const waits = ends ? shortPatience : (patience[code] ?? usualPatience);
  const usual = waits[Math.min(Math.max(fruitless, 1), waits.length) - 1] ?? minute;
  return retry(code === 'ICLOUD_SIGN_IN_LIMIT' && told > 0 ? told : Math.max(usual, told), message);
}
