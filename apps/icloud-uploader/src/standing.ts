import type { ErrorCode } from '@media-pipeline/contracts';
import type { Presence } from '@media-pipeline/icloud';

/** A photo of the library that has the content. */
export interface Found {
  readonly kind: 'there' | 'hidden';
  readonly recordName: string;
  readonly masterName: string;
}

/** What is to be done about a file, by what iCloud shows of its content. */
export type Standing =
  | { readonly kind: 'proven'; readonly found: Found }
  | { readonly kind: 'send' }
  /** Not now: Apple has a record of it that shows no photo yet. */
  | { readonly kind: 'wait'; readonly reason: string }
  | { readonly kind: 'given_up'; readonly code: ErrorCode; readonly reason: string };

/**
 * A hidden photo is in iCloud. One in Recently Deleted was put there by somebody: sending it once more would undo that, and it will be gone in a
 * month, so a person is told. The content must be known to be absent before anything is sent.
 */
export function standingOf(presence: Presence): Standing {
  switch (presence.kind) {
    case 'there':
      return { kind: 'proven', found: { ...presence, kind: 'there' } };
    case 'hidden':
      return { kind: 'proven', found: { ...presence, kind: 'hidden' } };
    case 'trashed':
      return { kind: 'given_up', code: 'ICLOUD_IN_TRASH', reason: 'somebody has deleted it in iCloud: it lies in Recently Deleted' };
    case 'unlisted':
      return { kind: 'wait', reason: 'iCloud has its content and shows no photo of it (yet)' };
    case 'absent':
      return { kind: 'send' };
  }
}

const byWeight: readonly Standing['kind'][] = ['proven', 'given_up', 'wait', 'send'];

/** Where a file was sent in several forms: what counts is the one that iCloud shows, then the one that somebody threw away; of equals the first. */
export function decisive<T extends { readonly standing: Standing }>(first: T, others: readonly T[]): T {
  return others.reduce((best, one) => (byWeight.indexOf(one.standing.kind) < byWeight.indexOf(best.standing.kind) ? one : best), first);
}
