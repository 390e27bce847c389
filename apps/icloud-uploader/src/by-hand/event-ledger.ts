import type { UploadEvent } from '@media-pipeline/contracts';
import { Ledger } from '../ledger.port';
import type { Found } from '../standing';
import type { Outgoing, RouteFailure, UploadRoute } from '../upload-route.port';

/** Tells whoever asked what becomes of files that are of no batch. */
export class EventLedger extends Ledger {
  /** When files were handed over whose end is not known. */
  readonly handed = new Map<string, Date>();
  readonly ended = new Set<string>();
  readonly counts = { uploaded: 0, there: 0, failed: 0 };

  constructor(private readonly onEvent: (event: UploadEvent) => void) {
    super();
  }

  override handedOff(files: readonly Outgoing[]): Promise<void> {
    for (const { id } of files) this.handed.set(id, new Date());
    return Promise.resolve();
  }

  override proven({ id, path }: Outgoing, { recordName }: Found, route: UploadRoute | null): Promise<void> {
    this.ended.add(id);
    // What was handed over and seen only by a later look was uploaded all the same.
    const uploaded = route !== null || this.handed.has(id);
    this.counts[uploaded ? 'uploaded' : 'there'] += 1;
    this.onEvent({ file: path, outcome: uploaded ? 'uploaded' : 'already there', recordName, code: null, reason: null });
    return Promise.resolve();
  }

  override failed({ id }: Pick<Outgoing, 'id' | 'name'>, { code, reason }: RouteFailure): Promise<void> {
    this.ended.add(id);
    this.counts.failed += 1;
    this.onEvent({ file: id, outcome: 'failed', recordName: null, code, reason });
    return Promise.resolve();
  }
}
