import type { ErrorCode } from '@media-pipeline/contracts';
import type { AssetKind, FileRole } from '@media-pipeline/schema';
import type { Finding, SourceFile } from './source-file';

/** One thing to be done that a reading of the source has come to. */
export type Item =
  /** A new asset. */
  | { readonly do: 'take'; readonly kind: AssetKind; readonly members: readonly { readonly file: SourceFile; readonly role: FileRole }[]; readonly marker?: string }
  /** A new asset that goes no further. */
  | { readonly do: 'refuse'; readonly finding: Finding; readonly marker?: string }
  /** An asset whose bytes never all came. */
  | { readonly do: 'resume'; readonly assetId: string }
  /** An asset that never will have its bytes. */
  | { readonly do: 'stop'; readonly assetId: string; readonly code: ErrorCode; readonly reason: string }
  /** An asset that has all its bytes, and whose message may not have been said. */
  | { readonly do: 'announce'; readonly assetId: string };
