import { opendir, lstat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { PipelineError, toPipelineError, type TaskOptions, type UploadEvent, type UploadResult } from '@media-pipeline/contracts';
import { fileError } from '@media-pipeline/files';
import { contentOf } from '@media-pipeline/icloud';
import { identify } from '@media-pipeline/media';
import { Task } from '@media-pipeline/stage';
import { BrowserRoute } from '../adapters/browser/browser-route';
import { Converter } from '../adapters/convert/converter';
import type { Outgoing } from '../upload-route.port';
import { Uploader, type Working } from '../uploader';
import { EventLedger } from './event-ledger';
import { HandOvers } from './hand-overs';

/** Uploads the photos and videos of a folder because a person asked for it. The folder is only read. */
@Injectable()
export class UploadFolder extends Task<'icloud-upload'> {
  constructor(
    private readonly uploader: Uploader,
    private readonly browser: BrowserRoute,
    private readonly handOvers: HandOvers,
    private readonly converter: Converter,
  ) {
    super();
  }

  override async run({ directory, dryRun, interactive, retries, retryDelayMs }: TaskOptions<'icloud-upload'>, { signal, onEvent }: { readonly signal: AbortSignal; readonly onEvent: (event: UploadEvent) => void }): Promise<UploadResult> {
    const ledger = new EventLedger(this.handOvers, onEvent);
    const working: Working = { signal, report: (step, fraction) => { onEvent({ step, fraction: fraction ?? null }); } };
    const { files, others } = await this.read(directory, ledger, onEvent, signal);
    const open = async (): Promise<Outgoing[]> => {
      const left = files.filter(({ id }) => !ledger.ended.has(id));
      const handed = await this.handOvers.of(left.map(({ id }) => id));
      return left.map((file) => ({ ...file, putAt: null, ...handed.get(file.id) }));
    };
    const resultOf = (error: PipelineError | null): UploadResult => ({ ...ledger.counts, others, left: files.filter(({ id }) => !ledger.ended.has(id)).length, code: error?.code ?? null, reason: error?.message ?? null });
    if (dryRun) return await this.plan(await open(), ledger, working, onEvent, resultOf);
    this.browser.attend(interactive ? 'interactive' : 'person');
    // What a command that was killed has left of its conversions.
    await this.converter.discard(files);
    for (let attempt = 0; ; attempt++) {
      try {
        await this.uploader.bring(await open(), ledger, working);
        return resultOf(null);
      } catch (thrown) {
        signal.throwIfAborted();
        const error = toPipelineError(thrown);
        if (error.kind === 'internal') throw thrown;
        if (error.permanent || attempt >= retries) return resultOf(error);
        await delay(retryDelayMs, undefined, { signal });
      }
    }
  }

  private async plan(files: readonly Outgoing[], ledger: EventLedger, working: Working, onEvent: (event: UploadEvent) => void, resultOf: (error: null) => UploadResult): Promise<UploadResult> {
    const standings = await this.uploader.look(files, ledger, working);
    for (const [{ path: file }, standing] of standings) {
      if (standing.kind === 'send' || standing.kind === 'wait') onEvent({ file, outcome: 'would be uploaded', recordName: null, code: null, reason: standing.kind === 'wait' ? standing.reason : null });
    }
    return resultOf(null);
  }

  /** Files by path, each content once. */
  private async read(directory: string, ledger: EventLedger, onEvent: (event: UploadEvent) => void, signal: AbortSignal): Promise<{ readonly files: readonly Omit<Outgoing, 'putAt'>[]; readonly others: number }> {
    const files = new Map<string, Omit<Outgoing, 'putAt'>>();
    let others = 0;
    for await (const file of filesIn(directory)) {
      signal.throwIfAborted();
      try {
        if ((await identify(file)) === null) {
          others += 1;
          onEvent({ file, outcome: 'not a photo or video', recordName: null, code: null, reason: null });
          continue;
        }
        const { mtime } = await lstat(file);
        const { sha256, checksum, bytes } = await contentOf(file, signal);
        if (files.has(sha256)) continue;
        ledger.name(sha256, file);
        files.set(sha256, { id: sha256, path: file, name: path.basename(file), sha256, checksum, bytes, modifiedAt: mtime });
      } catch (thrown) {
        signal.throwIfAborted();
        const error = toPipelineError(thrown);
        if (!error.permanent) throw error;
        await ledger.failed({ id: file, name: path.basename(file) }, { code: error.code, reason: error.message });
      }
    }
    return { files: [...files.values()], others };
  }
}

async function* filesIn(directory: string): AsyncGenerator<string> {
  try {
    for await (const entry of await opendir(directory, { recursive: true })) {
      // Manifests, temporary files and the like are nobody's photos.
      if (entry.isFile() && !entry.name.startsWith('.') && !entry.name.endsWith('.manifest.json')) yield path.join(entry.parentPath, entry.name);
    }
  } catch (error) {
    throw fileError(error, directory, 'source');
  }
}
