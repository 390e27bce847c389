import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { PipelineError } from '@media-pipeline/contracts';
import { errnoOf, writeDurably, type Library } from '@media-pipeline/files';
import { z } from 'zod';
import type { Selectors } from './selectors';

const Halted = z.object({ at: z.string(), selectors: z.string(), reason: z.string() });

/**
 * After a page that is not known nothing more is tried, in no process and after no restart, until somebody has looked: until a selector was added,
 * by the person or by a new version, or until a person asks for an upload.
 */
export class Halt {
  constructor(private readonly library: Library) {}

  /** @throws ICLOUD_PAGE_UNKNOWN while uploads with these selectors are halted */
  async assertNone(selectors: Selectors): Promise<void> {
    const halted = await this.read();
    if (halted?.selectors !== fingerprint(selectors)) return;
    throw new PipelineError('ICLOUD_PAGE_UNKNOWN', `uploads are halted since ${halted.at}, and no selector was added: ${halted.reason}`);
  }

  async halt(selectors: Selectors, reason: string): Promise<void> {
    await writeDurably(this.file, JSON.stringify({ at: new Date().toISOString(), selectors: fingerprint(selectors), reason }));
  }

  private get file(): string {
    return this.library.absolute(this.library.path('.media-pipeline', 'icloud-upload-halted.json'));
  }

  private async read(): Promise<z.infer<typeof Halted> | null> {
    const text = await readFile(this.file, 'utf8').catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return '';
      throw error;
    });
    try {
      return Halted.parse(JSON.parse(text));
    } catch {
      return null;
    }
  }
}

const fingerprint = (selectors: Selectors): string => createHash('sha256').update(JSON.stringify(selectors)).digest('hex');
