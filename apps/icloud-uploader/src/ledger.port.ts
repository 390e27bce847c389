import type { Conversion } from './conversion';
import type { Found } from './standing';
import type { Outgoing, RouteFailure, UploadRoute } from './upload-route.port';

/** Where it is written down what becomes of files. */
export abstract class Ledger {
  /** Before they leave: from here on they may be in iCloud. */
  abstract handedOff(files: readonly Outgoing[], route: UploadRoute): Promise<void>;
  /** iCloud shows it. @param route null: it was there before @param as what of it iCloud shows; null: the file as it is */
  abstract proven(file: Outgoing, found: Found, route: UploadRoute | null, as: Conversion | null): Promise<void>;
  /** iCloud will not get it. */
  abstract failed(file: Pick<Outgoing, 'id' | 'name'>, why: RouteFailure): Promise<void>;
}
