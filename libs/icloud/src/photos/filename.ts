import { extensionOf } from './uniform-types';
import type { EncodedText } from './wire';

const hasExtension = (name: string): boolean => /[^.]\.[A-Za-z0-9]{1,8}$/.test(name);
const strict = new TextDecoder('utf-8', { fatal: true });

/** Text behind canonical base64, null when it is not that or not text. */
function fromBase64(value: string): string | null {
  const bytes = Buffer.from(value, 'base64');
  if (bytes.length === 0 || bytes.toString('base64').replace(/=+$/, '') !== value.replace(/=+$/, '')) return null;
  try {
    const text = strict.decode(bytes);
    return /\p{Cc}/u.test(text) ? null : text;
  } catch {
    return null;
  }
}

/**
 * What `filenameEnc` says. STRING is plain text and ENCRYPTED_BYTES base64 (as icloudpd reads them), but icloudpd-rs has recorded base64 under
 * STRING: text without an extension that is base64 of a name with one is taken for that.
 */
export function decodeFilename(field: EncodedText): string | null {
  const value = field?.value.trim();
  if (!field || !value) return null;
  const decoded = fromBase64(value);
  if (field.type === 'STRING') return decoded !== null && !hasExtension(value) && hasExtension(decoded) ? decoded : value;
  return decoded ?? (field.type === 'ENCRYPTED_BYTES' ? null : value);
}

/** The recorded name, else one made of the record's name; with the type's extension when it has none. */
export function filenameOf(decoded: string | null, recordName: string, type: string): string {
  const name = decoded ?? recordName.replaceAll(/[^A-Za-z0-9_-]/g, '_');
  const extension = extensionOf(type);
  return hasExtension(name) || !extension ? name : `${name}.${extension}`;
}
