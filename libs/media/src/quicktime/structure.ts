import { PipelineError } from '@media-pipeline/contracts';

/** What every parser here throws for bytes that cannot be a movie. */
export const corruptMovie = (what: string): PipelineError => new PipelineError('MEDIA_CORRUPT', what);

/** By its name: under a test runner Node's own errors are not instances of the global RangeError. */
const isRangeError = (error: unknown): boolean => typeof error === 'object' && error !== null && 'name' in error && error.name === 'RangeError';

/**
 * Runs a parser over bytes from outside: a read beyond the end of a payload (which Node's Buffer refuses with a RangeError)
 * becomes MEDIA_CORRUPT, so that no shape of file ends in an unexpected error.
 */
export function parsing<T>(what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (isRangeError(error)) throw corruptMovie(`${what} is cut off or points outside itself`);
    throw error;
  }
}

/** The same for what a file may lack: null where the bytes make no sense. */
export function tolerating<T>(parse: () => T | null): T | null {
  try {
    return parse();
  } catch (error) {
    if (isRangeError(error) || (error instanceof PipelineError && error.code === 'MEDIA_CORRUPT')) return null;
    throw error;
  }
}

/** A 64-bit count or offset that JavaScript can hold exactly; MEDIA_CORRUPT otherwise. */
export function exactNumber(value: bigint, what: string): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER)) throw corruptMovie(`${what} is ${value}`);
  return Number(value);
}
