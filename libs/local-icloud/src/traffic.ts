/** One request as the server saw it. `status` 0: the connection was destroyed before an answer. */
export interface RequestRecord {
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  readonly status: number;
  /** By the server's clock, milliseconds since the epoch. */
  readonly at: number;
}

/** Every request since the start (or the last `clear`), in the order their answers ended. */
export class Traffic {
  private readonly records: RequestRecord[] = [];

  get requests(): readonly RequestRecord[] {
    return this.records;
  }

  add(record: RequestRecord): void {
    this.records.push(record);
  }

  /** How many requests have `pattern` in "METHOD path", for example `/accountLogin` or `/^GET .*\/content\//`. */
  count(pattern: string | RegExp): number {
    return this.records.filter(({ method, path }) => matches(`${method} ${path}`, pattern)).length;
  }

  clear(): void {
    this.records.length = 0;
  }
}

function matches(line: string, pattern: string | RegExp): boolean {
  return typeof pattern === 'string' ? line.includes(pattern) : line.search(pattern) >= 0;
}
