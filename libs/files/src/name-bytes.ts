const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** A `%` that would be read back as an escape must be escaped itself; every other one stays as it is (`100%.jpg`, `a%20b.jpg`). */
const ambiguous = /%(?=[89A-F][0-9A-F]|25)/g;
const escape = /%([89A-F][0-9A-F]|25)/g;

/**
 * A file name or path as text. On disk a name is bytes; those that are no valid UTF-8 become `%XX` (two upper-case hex digits, 80–FF).
 * A `%` in front of what looks like such an escape becomes `%25`, so that {@link bytesOfName} gives the same bytes back, whatever they are.
 */
export function textOfName(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = decoded(buffer);
  if (whole !== null) return whole.replace(ambiguous, '%25');
  let text = '';
  for (let at = 0; at < buffer.length; ) {
    const length = [1, 2, 3, 4].find((size) => at + size <= buffer.length && decoded(buffer.subarray(at, at + size)) !== null);
    const next = length === undefined ? `\0${buffer.toString('hex', at, at + 1).toUpperCase()}` : buffer.toString('utf8', at, at + length);
    text += next;
    at += length ?? 1;
  }
  // NUL, which no name contains, stands for the `%` of an escape while the literal ones are looked at.
  return text.replace(ambiguous, '%25').replaceAll('\0', '%');
}

/** The bytes on disk of what {@link textOfName} gave: what to hand to `open`. */
export function bytesOfName(text: string): Buffer {
  const parts: Buffer[] = [];
  let from = 0;
  for (const match of text.matchAll(escape)) {
    parts.push(Buffer.from(text.slice(from, match.index)), Buffer.from(match[1] ?? '', 'hex'));
    from = match.index + match[0].length;
  }
  parts.push(Buffer.from(text.slice(from)));
  return Buffer.concat(parts);
}

function decoded(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}
