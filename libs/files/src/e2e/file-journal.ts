import { randomUUID } from 'node:crypto';
import { appendFile, open, readFile } from 'node:fs/promises';
import { Journal, type JournalledChange, type PlannedChange } from '../journal';

/** A journal of JSON lines, each fsynced: for tests that kill whoever writes it. */
export class FileJournal extends Journal {
  constructor(readonly file: string) {
    super();
  }

  override async plan(change: PlannedChange): Promise<JournalledChange> {
    const entry = { ...change, id: randomUUID() };
    await this.append({ plan: entry });
    return entry;
  }

  override async finish(id: string): Promise<void> {
    await this.append({ finish: id });
  }

  override async unfinished(): Promise<JournalledChange[]> {
    const text = await readFile(this.file, 'utf8').catch(() => '');
    const open = new Map<string, JournalledChange>();
    for (const line of text.split('\n')) {
      const { plan, finish } = parse(line);
      if (plan) open.set(plan.id, plan);
      if (finish !== undefined) open.delete(finish);
    }
    return [...open.values()];
  }

  private async append(line: Line): Promise<void> {
    await appendFile(this.file, `\n${JSON.stringify(line)}`);
    const handle = await open(this.file, 'r');
    await handle.sync();
    await handle.close();
  }
}

interface Line {
  readonly plan?: JournalledChange;
  readonly finish?: string;
}

/** A line that a kill cut off was never there. */
function parse(line: string): Line {
  try {
    return JSON.parse(line) as Line;
  } catch {
    return {};
  }
}
