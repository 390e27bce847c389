import { readFile } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import { errnoOf, Library, writeDurably } from '@media-pipeline/files';
import { z } from 'zod';

/** Much longer than a photo takes to appear; then the look at iCloud alone says what is there. */
const keptMs = 60 * 60_000;
const Kept = z.record(z.string(), z.iso.datetime());

/**
 * When files of a folder were handed over last, by what iCloud calls their content. Kept in a file of the library, for such files are in no
 * batch: a command that was killed in the middle of an upload, and is given again at once, waits for what may still appear.
 */
@Injectable()
export class HandOvers {
  constructor(private readonly library: Library) {}

  async read(): Promise<ReadonlyMap<string, Date>> {
    const text = await readFile(this.file, 'utf8').catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return '{}';
      throw error;
    });
    const kept = Kept.safeParse(parsed(text)).data ?? {};
    const since = Date.now() - keptMs;
    return new Map(Object.entries(kept).map(([checksum, at]) => [checksum, new Date(at)] as const).filter(([, at]) => at.getTime() > since));
  }

  /** Durable before it returns. What another command has written meanwhile stays. */
  async note(checksums: readonly string[]): Promise<void> {
    const at = new Date();
    const all = new Map([...(await this.read()), ...checksums.map((checksum) => [checksum, at] as const)]);
    await writeDurably(this.file, JSON.stringify(Object.fromEntries([...all].map(([checksum, when]) => [checksum, when.toISOString()]))));
  }

  private get file(): string {
    return this.library.absolute(this.library.path('.media-pipeline', 'icloud-uploads-by-hand.json'));
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
