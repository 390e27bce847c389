/** What one frame of the page shows a person. */
export interface FrameReading {
  readonly url: string;
  /** Texts of dialogs and alerts. */
  readonly dialogs: readonly string[];
  /** Texts of progress bars, status lines and live regions. */
  readonly statuses: readonly string[];
  /** It asks for a password or for a code. */
  readonly asksToSignIn: boolean;
}

export const messageKinds = ['progress', 'finished', 'quotaFull', 'rejectedType', 'partialFailure', 'signedOut'] as const;
export type MessageKind = (typeof messageKinds)[number];
/** Regular expressions, read without regard to case. */
export type Messages = Readonly<Record<MessageKind, readonly string[]>>;

/** What the page says about an upload. `idle`: nothing. `dialog`: something that this version does not know. */
export type PageState =
  | { readonly kind: 'idle' | 'finished' | 'signed_out' }
  | { readonly kind: 'uploading'; readonly done: number; readonly total: number }
  | { readonly kind: 'quota_full' | 'rejected_type' | 'partial_failure' | 'dialog'; readonly text: string };

/** What stands in the way comes before what goes on: a dialog over a progress bar is what a person has to answer. */
export function stateOf(frames: readonly FrameReading[], messages: Messages): PageState {
  const dialogs = frames.flatMap((frame) => frame.dialogs);
  const statuses = frames.flatMap((frame) => frame.statuses);
  const texts = [...dialogs, ...statuses];
  const found = (kind: MessageKind, among: readonly string[]): string | undefined => among.find((text) => match(text, messages[kind]) !== null);

  if (frames.some(({ asksToSignIn }) => asksToSignIn) || found('signedOut', texts) !== undefined) return { kind: 'signed_out' };
  const full = found('quotaFull', texts);
  if (full !== undefined) return { kind: 'quota_full', text: full };
  const rejected = found('rejectedType', texts);
  if (rejected !== undefined) return { kind: 'rejected_type', text: rejected };
  const partial = found('partialFailure', texts);
  if (partial !== undefined) return { kind: 'partial_failure', text: partial };
  const progress = texts.map((text) => match(text, messages.progress)).find((one) => one !== null);
  if (progress) return { kind: 'uploading', done: numberIn(progress['done']), total: numberIn(progress['total']) };
  if (found('finished', texts) !== undefined) return { kind: 'finished' };
  const [dialog] = dialogs;
  return dialog === undefined ? { kind: 'idle' } : { kind: 'dialog', text: dialog };
}

/** Which of these files a message of the page names. A name that is part of another one is not taken for it. */
export function namedIn(text: string, names: readonly string[]): string[] {
  return names.filter((name) => new RegExp(`(?:^|[^\\p{L}\\p{N}._-])${escaped(name)}(?![\\p{L}\\p{N}_-]|\\.[\\p{L}\\p{N}])`, 'iu').test(text));
}

/** `1,000` and `1.000` are a thousand. */
const numberIn = (text = ''): number => Number(text.replace(/\D/g, ''));

function match(text: string, patterns: readonly string[]): Record<string, string | undefined> | null {
  for (const pattern of patterns) {
    const found = new RegExp(pattern, 'iu').exec(text);
    if (found) return found.groups ?? {};
  }
  return null;
}

/** Of a regular expression with the flag u, which takes no needless escape. */
const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
