import { boxPayload, findBox, readBoxes, requireBox } from '../isobmff/boxes';
import { findAtom, leafAt, parseMoov, requireLeaf } from '../quicktime/atom';
import { visualEntryLength } from '../quicktime/sample-entry';
import { readSampleTable } from '../quicktime/sample-table';
import { corruptMovie as corrupt, parsing } from '../quicktime/structure';

/** What an encoder made of the tiles: the samples of the one track of an MP4, and the payload of its `hvcC`. */
export interface TileSamples {
  readonly samples: readonly Buffer[];
  readonly configuration: Buffer;
}

/** Throws MEDIA_CORRUPT when the file is not one HEVC track. */
export function readTileSamples(mp4: Buffer): TileSamples {
  return parsing('the encoded tiles', () => {
    const moov = parseMoov(boxPayload(mp4, requireBox(readBoxes(mp4), 'moov')));
    const stbl = findAtom(moov, 'trak', 'mdia', 'minf', 'stbl');
    const stsd = leafAt(stbl, 'stsd');
    if (!stbl || !stsd) throw corrupt('the encoded tiles have no track');
    const entry = readBoxes(stsd, 8)[0];
    if (entry?.type !== 'hvc1') throw corrupt('the encoded tiles are not HEVC');
    const configuration = findBox(readBoxes(stsd, entry.data + visualEntryLength, entry.end), 'hvcC');
    if (!configuration) throw corrupt('the encoded tiles have no decoder configuration');
    const syncSamples = leafAt(stbl, 'stss');
    const { count, sizes, chunkOffsets, chunkSamples } = readSampleTable(stbl);
    // without the box every sample is a key frame
    if (syncSamples && syncSamples.readUInt32BE(4) !== count) throw corrupt('a tile depends on another');
    requireLeaf(stbl, 'stsz');
    const samples: Buffer[] = [];
    for (const [chunk, offset] of chunkOffsets.entries()) {
      let at = offset;
      for (let left = chunkSamples[chunk] ?? 0; left > 0; left--) {
        const size = typeof sizes === 'number' ? sizes : (sizes[samples.length] ?? 0);
        if (at + size > mp4.length) throw corrupt('the encoded tiles are cut off');
        samples.push(mp4.subarray(at, at + size));
        at += size;
      }
    }
    return { samples, configuration: boxPayload(stsd, configuration) };
  });
}
