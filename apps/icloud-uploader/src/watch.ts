import type { PageState } from './page-state';

export interface Observation {
  readonly state: PageState;
  /** Requests of the upload are under way. */
  readonly busy: boolean;
  /** ms since something last moved: a request, or the page's count. */
  readonly quietMs: number;
  /** Some upload has been seen: a request, or the page's count. */
  readonly begun: boolean;
  /** Every file has been put by the page, as far as its requests tell. */
  readonly allPut: boolean;
  readonly elapsedMs: number;
}

export interface WatchLimits {
  /** Nothing moves for so long: dead. */
  readonly stallMs: number;
  /** After the files were given, something begins within this, or the page is not what we take it for. */
  readonly beginMs: number;
  /** A page that says nothing of the end is through when nothing has moved for so long. */
  readonly settleMs: number;
}

export type Ending = 'through' | 'stalled' | 'never_began' | 'quota_full' | 'signed_out' | 'dialog';

/** Whether an upload that is watched has come to an end. */
export function endingOf({ state, busy, quietMs, begun, allPut, elapsedMs }: Observation, { stallMs, beginMs, settleMs }: WatchLimits): Ending | null {
  if (state.kind === 'quota_full') return 'quota_full';
  if (state.kind === 'signed_out') return 'signed_out';
  if (busy) return quietMs > stallMs ? 'stalled' : null;
  if (state.kind === 'uploading') return quietMs > stallMs ? 'stalled' : null;
  if (state.kind === 'finished' && begun) return 'through';
  if (state.kind === 'partial_failure' || state.kind === 'rejected_type') return allPut || (quietMs > settleMs && elapsedMs > settleMs) ? 'through' : null;
  // A box beside an upload that went through (storage is almost full) keeps nobody from going on.
  if (state.kind === 'dialog') return quietMs > settleMs && elapsedMs > settleMs ? (allPut ? 'through' : 'dialog') : null;
  if (!begun) return elapsedMs > beginMs ? 'never_began' : null;
  return allPut || quietMs > settleMs ? 'through' : null;
}
