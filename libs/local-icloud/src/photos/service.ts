import type { FaultBoard } from '../faults';
import { Listings } from './listings';
import type { LocalLibrary } from './library';
import { recordJson } from './record-json';
import type { Writing } from './record-json';
import { CloudKitRefusal } from './refusals';
import type { Row, Tombstone } from './rows';
import { zoneToken } from './tokens';
import type { RefusalCode } from './refusals';
import { Walk } from './walk';
import type { Database, Zone } from './zone';

/** What one request brings besides its body. */
export interface Asking {
  readonly database: Database;
  /** Scheme, host and port for download URLs. */
  readonly origin: string;
  /** Whether the query string asks for the current sync token. */
  readonly wantsToken: boolean;
}

const throttlings: readonly RefusalCode[] = ['RETRY_LATER', 'TRY_AGAIN_LATER', 'CAS_OP_LOCK', 'THROTTLED'];

/** The state that the photo routes share: the library, the faults, and the paging under way. */
export class PhotoService {
  readonly listings = new Listings();
  private readonly walks = new Map<string, Walk>();
  private recordErrors = 0;

  constructor(
    readonly library: LocalLibrary,
    readonly faults: FaultBoard,
  ) {}

  walk(zone: Zone, query: string): Walk {
    const key = `${zone.id.zoneName} ${query}`;
    const walk = this.walks.get(key) ?? new Walk();
    this.walks.set(key, walk);
    return walk;
  }

  /** @throws CloudKitRefusal under the fault query.throttled: each of the four codes in turn, inside HTTP 200 */
  refuseWhenThrottled(): void {
    if (!this.faults.take('query.throttled')) return;
    const code = throttlings[(this.faults.hits('query.throttled') - 1) % throttlings.length] ?? 'THROTTLED';
    throw new CloudKitRefusal(code, code === 'CAS_OP_LOCK' ? 'op lock failure' : 'the service is busy, try again later');
  }

  /** Records as they go out. @param fault the fault by which one of them is an error instead */
  write(rows: readonly (Row | Tombstone)[], zone: Zone, asking: Asking, desiredKeys: ReadonlySet<string> | null, fault: 'query.recordError' | 'lookup.recordError'): object[] {
    const sign = this.library.urls.forAnswer(asking.origin, zone.id.zoneName);
    const writing: Writing = { zone, desiredKeys, asset: (content) => ({ ...sign(content), ...(this.library.awaits(content) && { downloadURL: undefined }) }) };
    const records = rows.map((row) => recordJson(row, writing));
    if (rows.length > 0 && this.faults.take(fault)) {
      const at = (this.recordErrors * 7 + 3) % rows.length;
      const row = rows[at];
      if (row !== undefined) records[at] = recordError(row.name, this.recordErrors++ % 2 === 0 ? 'ACCESS_DENIED' : 'TRY_AGAIN_LATER', 'the record cannot be read');
    }
    return records;
  }

  token(zone: Zone, { wantsToken }: Asking): { syncToken?: string } {
    return wantsToken ? { syncToken: zoneToken(zone.tokenScope, zone.seq) } : {};
  }
}

/** A record that could not be given, inside an answer that otherwise succeeds. */
export function recordError(recordName: string, serverErrorCode: string, reason: string): object {
  return { recordName, reason, serverErrorCode };
}
