import { videoType, type MediaType } from './types';

/** Matroska and WebM: an EBML header whose DocType (id 0x4282) says which (RFC 8794 §11.2.4, RFC 9559). */
export function sniffEbml(bytes: Buffer): MediaType | null {
  if (bytes.length < 12 || bytes.readUInt32BE(0) !== 0x1a45dfa3) return null;
  const header = bytes.subarray(4, 128);
  const at = header.indexOf(Buffer.from([0x42, 0x82]));
  const lengthByte = at < 0 ? undefined : header[at + 2];
  if (lengthByte === undefined || lengthByte < 0x81) return null;
  const docType = header.toString('latin1', at + 3, at + 3 + (lengthByte & 0x7f)).replace(/\0+$/, '');
  if (docType === 'webm') return videoType('webm', 'video/webm', 'webm');
  if (docType === 'matroska') return videoType('mkv', 'video/x-matroska', 'mkv');
  return null;
}
