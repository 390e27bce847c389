import { Injectable } from '@nestjs/common';
import { dead, doneStreaming, retry, skip, toPipelineError, type Emit, type Outcome, type Payload } from '@media-pipeline/contracts';
import { Logger, Settings } from '@media-pipeline/stage';
import type { Reading } from '../reading';
import { FolderSource, type OpenFolder } from './adapters/folder-source';
import { FolderIntake } from './folder-intake';
import { FolderRegister } from './folder-register';
import { Scan } from './scan';

const offered = 'Set FOLDER_SOURCE_PATH (or give --source DIR), or set ENABLE_FOLDER_DOWNLOAD=false.';
/** A run that ends waits at least so long (ms) for files that are still being written. */
const leastPatienceMs = 60_000;

const mostKinds = 12;

/** `31 files were left in the source …: 19 .psd, 12 .xmp`, the most frequent first; null when there are none. */
export function wordsForOthers(others: ReadonlyMap<string, number>): string | null {
  const kinds = [...others].sort(([a, many], [b, more]) => more - many || a.localeCompare(b));
  if (kinds.length === 0) return null;
  const total = kinds.reduce((sum, [, count]) => sum + count, 0);
  const named = kinds.slice(0, mostKinds).map(([kind, count]) => `${count} ${kind === '' ? 'without an extension' : kind}`);
  const rest = kinds.length > mostKinds ? `, and ${kinds.length - mostKinds} more kinds` : '';
  return `${total === 1 ? '1 file was' : `${total} files were`} left in the source, since FOLDER_SOURCE_PATTERNS does not name such: ${named.join(', ')}${rest}`;
}

/** Reads the source folder when asked to. */
@Injectable()
export class FolderService {
  private readings = 0;
  /** Said once, and again when it has changed. */
  private saidOfOthers: string | null = null;

  constructor(
    private readonly settings: Settings,
    private readonly source: FolderSource,
    private readonly intake: FolderIntake,
    private readonly register: FolderRegister,
    private readonly logger: Logger,
  ) {}

  async read(request: Payload<'media.ingest.requested'>, reading: Reading): Promise<Outcome> {
    const { enable, folderSource, execution } = this.settings;
    if (request.source === 'icloud') return skip('asked of iCloud');
    if (!enable.folderDownload) return skip('the folder source is off (ENABLE_FOLDER_DOWNLOAD)');
    if (folderSource.path === null) {
      // Asked for by name it is an error; a library without a source is none.
      return request.source === 'folder' ? dead('SETTINGS_INVALID', `No source folder is named. ${offered}`) : skip(`no source folder is named. ${offered}`);
    }
    try {
      const open = await this.source.open(folderSource.path);
      return doneStreaming(this.take(open, reading));
    } catch (thrown) {
      const error = toPipelineError(thrown);
      const reason = `The source folder ${folderSource.path} cannot be read; is it mounted? Nothing was changed. (${error.message})`;
      this.logger.error({ code: error.code }, reason);
      // A service reads it again by itself; a run that ends has to say so.
      if (execution.mode === 'single') return dead(error.code, reason);
      return error.code === 'IO_ERROR' ? retry(folderSource.scanIntervalMs, reason) : skip(reason);
    }
  }

  private async *take(open: OpenFolder, reading: Reading): AsyncGenerator<Emit> {
    const { stableMs } = this.settings.folderSource;
    const ends = this.settings.execution.mode === 'single';
    const since = performance.now();
    // After a start or an attempt that broke off, what arrived may not have been announced.
    const announce = this.readings === 0 || reading.attempt > 1;
    const scan = new Scan(await this.register.known(open.root), { stableMs, announce });
    const before = scan.known.size;
    yield* this.intake.take(open, scan, {
      signal: reading.signal,
      report: (label) => { reading.report(label); },
      patienceMs: ends ? Math.max(leastPatienceMs, 10 * stableMs) : 0,
    });
    this.readings += 1;
    await this.sayWhatIsLeft(scan.others);
    const { files, taken, setAside, waiting } = scan;
    const facts = { files, taken, setAside, foldersWaiting: waiting.length, seconds: Math.round(performance.now() - since) / 1000 };
    if (files === 0 && before > 0) this.logger.warn(facts, `the source folder is empty and had ${before} files before; is it mounted? Nothing was changed.`);
    else if (waiting.length > 0 && ends) this.logger.warn(facts, 'files are still being written; they are left to the next run');
    else this.logger[taken + setAside > 0 ? 'info' : 'debug'](facts, 'the source folder was read');
  }

  /** Nobody shall believe that a file was taken in that was not. */
  private async sayWhatIsLeft(others: ReadonlyMap<string, number>): Promise<void> {
    const message = wordsForOthers(others);
    if (message === null || message === this.saidOfOthers) return;
    this.saidOfOthers = message;
    await this.register.note(null, message);
    this.logger.warn({ others: Object.fromEntries(others) }, message);
  }
}
