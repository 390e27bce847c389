import type { EmbeddedPart } from '@media-pipeline/contracts';
import { embeddedPart } from '../embedded-part';
import { planHeic } from './graft';
import { itemBytes } from './meta';

/** What a HEIC holds beside the tiles of its primary picture, with hashes: gain map, depth, mattes, thumbnail, EXIF, XMP. Throws as planHeic does. */
export function heicEmbedded(bytes: Buffer): { readonly blocks: number; readonly parts: readonly EmbeddedPart[] } {
  const { meta, tiles } = planHeic(bytes);
  const others = [...meta.locations.items.values()].filter(({ id }) => !tiles.includes(id));
  return { blocks: meta.boxes.length + meta.properties.length, parts: others.map((location) => embeddedPart(`item ${location.id} (${meta.items.get(location.id)?.type ?? '?'})`, itemBytes(bytes, meta, location))) };
}
