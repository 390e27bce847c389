import type { Config } from '@media-pipeline/config';
import { tasks, type TaskOptions, type UploadEvent, type UploadResult } from '@media-pipeline/contracts';
import { Library } from '@media-pipeline/files';
import type { Database } from '@media-pipeline/schema';
import { createLogger, loadStage, runTask } from '@media-pipeline/stage';
import { Interrupt } from './interrupt';

/** Gives the uploader its task. A service that works on the library meanwhile goes on: both look what is in iCloud before they upload. */
export async function runUpload(
  { config, database }: { readonly config: Config; readonly database: Database },
  options: TaskOptions<'icloud-upload'>,
  onEvent: (event: UploadEvent) => void,
): Promise<UploadResult | 'interrupted'> {
  using interrupt = new Interrupt(() => undefined);
  const library = new Library(config.library.areas, config.library.root);
  // What a person is to see comes as events.
  const logger = createLogger({ level: config.log.level === 'info' ? 'error' : config.log.level }, 'icloud upload');
  const stage = await loadStage(tasks['icloud-upload'].stage);
  try {
    return await runTask(stage, 'icloud-upload', { config, library, database, logger }, options, { signal: interrupt.signal, onEvent });
  } catch (error) {
    if (interrupt.asked) return 'interrupted';
    throw error;
  }
}
