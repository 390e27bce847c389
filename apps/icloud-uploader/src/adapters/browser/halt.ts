import { createHash } from 'node:crypto';
import { PipelineError } from '@media-pipeline/contracts';
import type { Library } from '@media-pipeline/files';
import { haltUploads, liftUploadHalt, readUploadHalt } from '@media-pipeline/icloud';
import type { Selectors } from './selectors';

/**
 * After a page that is not known nothing more is tried until somebody has looked: until a selector was added, by the person or by a new version,
 * until a person has the dead letter tried again, or until an upload that a person asked for went well.
 */
export class Halt {
  constructor(private readonly library: Library) {}

  /** @throws ICLOUD_PAGE_UNKNOWN while uploads with these selectors are halted */
  async assertNone(selectors: Selectors): Promise<void> {
    const halted = await readUploadHalt(this.library);
    if (halted?.selectors !== fingerprint(selectors)) return;
    throw new PipelineError('ICLOUD_PAGE_UNKNOWN', `uploads are halted since ${halted.at}, and no selector was added: ${halted.reason}`);
  }

  async halt(selectors: Selectors, reason: string): Promise<void> {
    await haltUploads(this.library, { at: new Date().toISOString(), selectors: fingerprint(selectors), reason });
  }

  async lift(): Promise<void> {
    await liftUploadHalt(this.library);
  }
}

const fingerprint = (selectors: Selectors): string => createHash('sha256').update(JSON.stringify(selectors)).digest('hex');
