import type { EmbeddedPart } from '@media-pipeline/contracts';
import { embeddedPart } from '../embedded-part';
import { readPictureIndex } from './multi-picture';
import { isMetadata, parseJpeg } from './segments';

/** What a JPEG holds beside its first picture, with hashes: the pictures of its index (gain map, depth, preview) and all that follows it. */
export function jpegEmbedded(bytes: Buffer): { readonly blocks: number; readonly parts: readonly EmbeddedPart[] } {
  const { segments, end } = parseJpeg(bytes);
  const pictures = (readPictureIndex(bytes, segments)?.entries ?? []).flatMap(({ start, bytes: length }, position) => (start === 0 ? [] : [embeddedPart(`MPF picture ${position + 1}`, bytes.subarray(start, start + length))]));
  const trailer = bytes.subarray(end);
  return { blocks: segments.filter(isMetadata).length, parts: [...pictures, ...(trailer.length > 0 ? [embeddedPart('all behind the picture', trailer)] : [])] };
}
