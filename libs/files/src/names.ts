/** Room for a name: 255 bytes is the limit of ext4, XFS, SMB and Android alike. */
const maxBytes = 255;
/** Extension with its dot. What is longer counts as part of the stem. */
const maxExtensionBytes = 16;
/** The stem of a safe name, so that ` (99999)` still fits, and so that IMG.HEIC and IMG.MOV are shortened to the same stem. */
const maxStemBytes = maxBytes - maxExtensionBytes - ' (99999)'.length;

// Control characters, line and paragraph separators, and marks that turn the direction of text (a way to disguise an extension).
const unprintable = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu;
const loneSurrogates = /\p{Cs}/gu;
/** What SMB, exFAT and Android refuse in a name. */
const forbidden = /[/\\:*?"<>|]/g;
const reserved = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(?:\.|$)/i;
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * A name that Linux, SMB and Android all take, made of any name: one path segment, never empty, `.` or `..`, NFC, at most 247 bytes
 * (` (n)` fits behind it), extension and emoji kept. Applied to its own result it changes nothing.
 * What cannot stay becomes `_`; trailing dots and spaces go.
 */
export function safeName(name: string): string {
  const printable = name.replace(loneSurrogates, '\uFFFD').normalize('NFC').replace(unprintable, '_').replace(forbidden, '_');
  const trimmed = printable.replace(/[. ]+$/, '').replace(/^[-. ]+/, (run) => '_'.repeat(run.length));
  if (trimmed === '') return '_';
  const free = reserved.test(trimmed) ? `_${trimmed}` : trimmed;
  const { stem, extension } = splitName(free);
  const short = shorten(stem, maxStemBytes);
  return extension === '' ? short.replace(/[. ]+$/, '') : short + extension;
}

/** The segments of a path from outside, each made safe; empty and `.` segments fall away, `..` becomes a harmless name. */
export function safeSegments(path: string): string[] {
  return path
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.')
    .map(safeName);
}

/** `a.jpg`, 2 → `a (2).jpg`; the stem is shortened where the result would be longer than 255 bytes. */
export function withNumber(name: string, n: number): string {
  const { stem, extension } = splitName(name);
  const suffix = ` (${n})${extension}`;
  return shorten(stem, maxBytes - Buffer.byteLength(suffix)) + suffix;
}

/**
 * What two names or paths share when a case-insensitive or normalising file system could take them for the same.
 * Canonical decomposition, full case mapping both ways (`ß` = `SS`, `ſ` = `s`, `K` = `k`, `ı` = `I`), no ignorable characters, then NFC:
 * at least as coarse as APFS, ext4 with casefold, NTFS and exFAT. Not NFKC: no file system takes `²` for `2`.
 * Too coarse costs a ` (2)` in a name, too fine would cost a file.
 */
export function nameKey(path: string): string {
  return path
    .replace(loneSurrogates, '\uFFFD')
    .normalize('NFD')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toLowerCase()
    .toUpperCase()
    .normalize('NFD')
    .toLowerCase()
    .replaceAll('ς', 'σ')
    .normalize('NFC');
}

/** Stem and extension (with its dot, `''` when there is none or when it is too long to be one). */
export function splitName(name: string): { readonly stem: string; readonly extension: string } {
  const dot = name.lastIndexOf('.');
  const extension = dot > 0 ? name.slice(dot) : '';
  if (extension.length < 2 || Buffer.byteLength(extension) > maxExtensionBytes) return { stem: name, extension: '' };
  return { stem: name.slice(0, dot), extension };
}

/** The longest beginning of at most `bytes` UTF-8 bytes that splits no character as a person sees it (nor, if one alone is longer, a code point). */
function shorten(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  const fitting = (parts: Iterable<string>): string => {
    let kept = '';
    let used = 0;
    for (const part of parts) {
      used += Buffer.byteLength(part);
      if (used > bytes) break;
      kept += part;
    }
    return kept;
  };
  return fitting(Array.from(graphemes.segment(text), ({ segment }) => segment)) || fitting(text);
}
