/** What somebody typed where a code was asked for. */
export type Answer =
  | { readonly kind: 'code'; readonly code: string }
  | { readonly kind: 'sms' }
  | { readonly kind: 'again' }
  | { readonly kind: 'leave' }
  | { readonly kind: 'unclear'; readonly why: string };

/** Phones show the code in two groups: `123 456` and `123-456` are codes too. Nothing at all means "not now". */
export function readAnswer(typed: string): Answer {
  const text = typed.trim().toLowerCase();
  const digits = text.replace(/[\s-]/g, '');
  if (/^\d{6}$/.test(digits)) return { kind: 'code', code: digits };
  if (/^\d+$/.test(digits)) return { kind: 'unclear', why: `A code has six digits; that were ${digits.length}.` };
  if (text === 'sms') return { kind: 'sms' };
  if (text === 'again') return { kind: 'again' };
  if (text === '' || text === 'later' || text === 'q' || text === 'quit') return { kind: 'leave' };
  return { kind: 'unclear', why: 'Type the six digits, or one of the words sms, again, later.' };
}

/** Which of the phones was meant: by its place in the list that was shown, from 1. */
export function readChoice<T>(typed: string, choices: readonly T[]): T | null {
  const place = Number(typed.trim());
  return Number.isInteger(place) ? (choices[place - 1] ?? null) : null;
}

export const isYes = (typed: string | null): boolean => typed !== null && /^y(es)?$/i.test(typed.trim());
