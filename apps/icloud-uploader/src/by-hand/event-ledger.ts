import type { UploadEvent } from '@media-pipeline/contracts';
import { Ledger } from '../ledger.port';
import type { Conversion } from '../conversion';
import type { HandOvers } from './hand-overs';
import type { Found } from '../standing';
import type { Outgoing, RouteFailure, UploadRoute } from '../upload-route.port';

/** Tells whoever asked what becomes of files that are of no batch. */
export class EventLedger extends Ledger {
  private readonly handed = new Set<string>();
  private readonly paths = new Map<string, string>();
  readonly ended = new Set<string>();
  readonly counts = { uploaded: 0, there: 0, failed: 0 };

  constructor(
    private readonly handOvers: HandOvers,
    private readonly onEvent: (event: UploadEvent) => void,
  ) {
    super();
  }

  /** Where a file was found: what is sent of it may lie elsewhere. */
  name(id: string, path: string): void {
    this.paths.set(id, path);
  }

  override async handedOff(files: readonly Outgoing[]): Promise<void> {
    await this.handOvers.note(files);
    for (const { id } of files) this.handed.add(id);
  }

  override proven({ id, path }: Outgoing, { recordName }: Found, route: UploadRoute | null, as: Conversion | null): Promise<void> {
    this.ended.add(id);
    // What was handed over and seen only by a later look was uploaded all the same.
    const uploaded = route !== null || this.handed.has(id);
    this.counts[uploaded ? 'uploaded' : 'there'] += 1;
    this.onEvent({ file: this.paths.get(id) ?? path, outcome: uploaded ? 'uploaded' : 'already there', recordName, code: null, reason: as && `converted to ${as.into}: ${as.name}` });
    return Promise.resolve();
  }

  override failed({ id }: Pick<Outgoing, 'id' | 'name'>, { code, reason }: RouteFailure): Promise<void> {
    this.ended.add(id);
    this.counts.failed += 1;
    this.onEvent({ file: this.paths.get(id) ?? id, outcome: 'failed', recordName: null, code, reason });
    return Promise.resolve();
  }
}
