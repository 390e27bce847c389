import { Injectable } from '@nestjs/common';
import { Database, type HandOver } from '@media-pipeline/schema';
import { SentConversion } from '../conversion';
import type { Outgoing } from '../upload-route.port';

/** What of a file of a folder was handed over before. */
export type Before = Pick<Outgoing, 'putAt' | 'conversions'>;

/**
 * When files of a folder were handed over, and as what, by their content: such files are in no batch. A command that was killed in the middle of
 * an upload waits for what may still appear when it is given again; one that is given again any time later knows what a file was converted to.
 */
@Injectable()
export class HandOvers {
  constructor(private readonly database: Database) {}

  /** @returns by the content of the file itself; one that never left is not in it */
  async of(originals: readonly string[]): Promise<ReadonlyMap<string, Before>> {
    const found = new Map<string, Before>();
    for (const row of await this.database.handOvers.find(originals)) {
      const { putAt, conversions = [] } = found.get(row.originalSha256) ?? { putAt: null };
      const conversion = conversionIn(row);
      found.set(row.originalSha256, conversion ? { putAt, conversions: [...conversions, conversion] } : { putAt: row.at, conversions });
    }
    return found;
  }

  /** Durable before it returns. Their ids are the contents of the files themselves. */
  async note(files: readonly Outgoing[]): Promise<void> {
    const at = new Date();
    await this.database.handOvers.note(files.map(({ id, sha256, checksum, bytes, name, converted }) => ({ originalSha256: id, sha256, checksum, bytes, name, form: converted?.into ?? null, at })));
  }
}

function conversionIn({ form: into, name, bytes, sha256, checksum, at }: HandOver): SentConversion | null {
  return into === null ? null : (SentConversion.safeParse({ into, name, bytes, sha256, checksum, putAt: at.toISOString() }).data ?? null);
}
