import { withNumber } from '@media-pipeline/files';
import { freeNumber } from './free-number';

/** Where names must be unique: the library's paths, or a batch. */
export interface Namespace {
  key(name: string): string;
  /** Whether somebody in the database has it. */
  isTaken(key: string): Promise<boolean>;
}

/** ` (n)` appended to the stem of the last segment. */
export function numbered(path: string, n: number): string {
  const slash = path.lastIndexOf('/') + 1;
  return path.slice(0, slash) + withNumber(path.slice(slash), n);
}

/**
 * Gives out names that nobody else has, many in a row: what it gave out counts as taken, and it remembers how far the numbers of a name have come.
 */
export class UniqueNames {
  private readonly given = new Set<string>();
  private readonly nextNumber = new Map<string, number>();

  constructor(private readonly space: Namespace) {}

  /**
   * Names for files that belong together, in their order. A conflict of one gives all of them the same number, so that
   * `IMG_1 (2).HEIC` and `IMG_1 (2).MOV` still show that they are a pair.
   */
  async take(wanted: readonly string[]): Promise<string[]> {
    const keys = wanted.map((name) => this.space.key(name));
    // Two that clash with each other can never share a number.
    if (new Set(keys).size < keys.length) return this.takeEach(wanted);
    const names = (await this.anyTaken(keys)) ? await this.renumber(wanted, keys.join('\0')) : [...wanted];
    for (const name of names) this.given.add(this.space.key(name));
    return names;
  }

  private async takeEach(wanted: readonly string[]): Promise<string[]> {
    const names: string[] = [];
    for (const name of wanted) names.push(...(await this.take([name])));
    return names;
  }

  private async renumber(wanted: readonly string[], group: string): Promise<string[]> {
    const isTaken = (n: number) => this.anyTaken(wanted.map((name) => this.space.key(numbered(name, n))));
    const n = await freeNumber(isTaken, this.nextNumber.get(group));
    this.nextNumber.set(group, n + 1);
    return wanted.map((name) => numbered(name, n));
  }

  private async anyTaken(keys: readonly string[]): Promise<boolean> {
    for (const key of keys) if (this.given.has(key) || (await this.space.isTaken(key))) return true;
    return false;
  }
}
