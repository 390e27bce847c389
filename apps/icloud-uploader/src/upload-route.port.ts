import type { ErrorCode } from '@media-pipeline/contracts';
import type { Conversion, SentConversion } from './conversion';

/** A file on its way to iCloud. */
export interface Outgoing {
  /** Of its delivery. */
  readonly id: string;
  /** Where it lies: absolute. */
  readonly path: string;
  /** Its name in the batch, and in iCloud. */
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  /** What iCloud will call its content. */
  readonly checksum: string;
  readonly modifiedAt: Date;
  /** When it was handed over before, if its end is not known. */
  readonly putAt: Date | null;
  /** It stands for a file that is not taken as it is: this is what that was turned into. */
  readonly converted?: Conversion;
  /** What it was handed over as before, if it was not taken as it is. */
  readonly conversions?: readonly SentConversion[];
}

export interface Upload {
  readonly files: readonly Outgoing[];
  readonly signal: AbortSignal;
  readonly report: (label: string, fraction?: number) => void;
  /** Awaited before anything of these files can make a photo: from then on they may be in iCloud, whatever happens. */
  readonly beforePut: (files: readonly Outgoing[]) => Promise<void>;
}

/** Why a file did not go, as far as the route can tell. */
export interface RouteFailure {
  readonly code: ErrorCode;
  readonly reason: string;
}

/** What a route did, by its own account. Nothing of it counts as delivered: iCloud is asked afterwards. */
export interface RouteReport {
  /** By delivery. Whatever is not named here was handed over, as far as the route knows. */
  readonly failures: ReadonlyMap<string, RouteFailure>;
  /** What ended it before it was through, and concerns all that follows. */
  readonly obstacle: RouteFailure | null;
}

/** A way for files into iCloud Photos. */
export abstract class UploadRoute {
  abstract readonly name: 'browser' | 'http';
  /** Files at a time, at most. */
  abstract readonly most: number;
  /** Hands files over, once each. @throws ICLOUD_* reasons that keep it from trying at all; the signal's reason */
  abstract upload(upload: Upload): Promise<RouteReport>;
  /** Ends what it keeps open between uploads. */
  abstract close(): Promise<void>;
}
