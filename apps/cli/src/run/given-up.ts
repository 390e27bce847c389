import type { Bus } from '@media-pipeline/bus';
import { errorCatalogue, type DeadLetter } from '@media-pipeline/contracts';

/**
 * Watches for work that a stage gave up and that no single asset stands for: a source that cannot be read, a disk that is full while
 * files arrive, a message that nobody can read. Each is told of once; those from before the run never.
 */
export class GivenUp {
  private counted = 0;
  private newest = 0;
  /** The stage met something of the machine, not of the input: doing it again now would end the same way. */
  byTheMachine = false;

  constructor(private readonly bus: Bus) {}

  /** What is there already is no news. Call it before any stage starts. */
  async begin(): Promise<void> {
    this.counted = await this.bus.deadLetters.count();
    this.newest = (await this.bus.deadLetters.list({ limit: 1 })).at(-1)?.sequence ?? 0;
  }

  async fresh(): Promise<readonly DeadLetter[]> {
    const count = await this.bus.deadLetters.count();
    if (count === this.counted) return [];
    this.counted = count;
    const letters = (await this.bus.deadLetters.list({ limit: 100 })).filter(({ sequence, assetId }) => sequence > this.newest && assetId === undefined);
    this.newest = Math.max(this.newest, ...letters.map(({ sequence }) => sequence));
    this.byTheMachine ||= letters.some(({ code }) => errorCatalogue[code].kind === 'environment');
    return letters;
  }
}
