import type { Bus } from '@media-pipeline/bus';
import { errorCatalogue, type ErrorCode } from '@media-pipeline/contracts';
import type { ArrivedFile, AssetSource, AssetWithFiles, Database, LogEntry } from '@media-pipeline/schema';

/** What every source writes down: assets that are here, assets that cannot be, and lines of history. */
export abstract class Register {
  constructor(
    private readonly source: AssetSource,
    protected readonly database: Database,
    protected readonly bus: Bus,
  ) {}

  /** Every byte is here: one transaction for all files of the asset. False when it was no longer arriving. */
  async arrived({ id, sourceKey }: AssetWithFiles, files: readonly ArrivedFile[], how: string): Promise<boolean> {
    return await this.database.assets.arrived(id, files, { step: 'ingest', status: 'success', assetId: id, message: `taken in from ${sourceKey} by ${how}` });
  }

  /** Ends an asset that cannot be taken in. The dead letter first: a crash in between says it twice, never not at all. */
  async stop(assetId: string, code: ErrorCode, reason: string): Promise<void> {
    const as = errorCatalogue[code].kind === 'input' ? 'set_aside' : 'failed';
    await this.bus.deadLetter({ stage: 'ingest', subject: 'media.ingest.requested', code, reason, payload: { source: this.source, assetId } });
    await this.database.assets.stop(assetId, as, { code, reason }, { step: 'ingest', status: as === 'failed' ? 'error' : 'warning', assetId, code, message: reason });
  }

  /** A line of history that belongs to no asset. */
  async note(code: ErrorCode | null, message: string, status: LogEntry['status'] = 'warning'): Promise<void> {
    await this.database.log.write({ step: 'ingest', status, ...(code !== null && { code }), message });
  }
}
