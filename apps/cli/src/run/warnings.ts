import type { Database } from '@media-pipeline/schema';

const mostAtOnce = 50;

/** What stages have to say to whoever watches and that belongs to no photo: a folder that cannot be read, files that were left where they are. */
export class Warnings {
  private readonly since = Date.now();
  private readonly said = new Set<string>();

  constructor(private readonly database: Pick<Database, 'log'>) {}

  /** Those of this run that were not asked for before, oldest first. */
  async fresh(): Promise<string[]> {
    const recent = await this.database.log.list({ assetId: null, status: 'warning', limit: mostAtOnce });
    const words = recent.filter(({ at }) => at.getTime() >= this.since).map(({ message }) => message);
    const fresh = words.toReversed().filter((message) => !this.said.has(message));
    for (const message of fresh) this.said.add(message);
    return fresh;
  }
}
