import { PipelineError, type ErrorCode } from '@media-pipeline/contracts';

const mostFruitless = 6;
const mostMismatches = 3;
const mostTries = 500;

/**
 * When a download is given up: after some tries in a row that brought nothing, whatever the reasons, or when the whole file came wrong too often.
 * What is nearer to the end than ever before counts as fruit, so a long file may take many addresses and connections.
 */
export class Patience {
  #fruitless = 0;
  #mismatches = 0;
  #tries = 0;
  #best: number;

  /** @param have bytes there at the beginning */
  constructor(
    private readonly bytes: number,
    have: number,
  ) {
    this.#best = have;
  }

  get fruitless(): number {
    return this.#fruitless;
  }

  /** After a try that left `have` bytes. @throws an error of `code` when there have been enough */
  spend(have: number, code: ErrorCode, why: string): void {
    this.#tries += 1;
    // A try that adds a byte is no fruit: a server that hangs up after each would be asked a million times.
    const fruit = have - this.#best >= Math.min(1024 * 1024, this.bytes / 10);
    if (fruit) this.#best = have;
    this.#fruitless = fruit ? 0 : this.#fruitless + 1;
    if (this.#fruitless >= mostFruitless || this.#tries >= mostTries) throw new PipelineError(code, `${why} (try ${this.#tries}, ${have} of ${this.bytes} bytes)`);
  }

  /** The whole file came and is another. */
  mismatch(why: string): void {
    this.#mismatches += 1;
    this.#best = 0;
    if (this.#mismatches >= mostMismatches) throw new PipelineError('ICLOUD_CONTENT_MISMATCH', `${why} (${this.#mismatches} times)`);
  }
}
