import { marker, type JpegStructure } from './segments';

/**
 * By how much a component's steps may bring the mean of a block away from the original: the first coefficient is eight times that mean, so
 * its step is worth an eighth of it in levels. For each component in order, as the tables in front of the first scan say.
 * @returns null where a table is missing or no table at all
 */
export function meanSteps(bytes: Buffer, { frame, segments }: JpegStructure): readonly number[] | null {
  const first = new Map<number, number>();
  for (const { marker: code, start, end } of segments) {
    if (code !== marker.dqt) continue;
    for (let at = start + 4; at < end; ) {
      const name = bytes.readUInt8(at);
      const wide = name >> 4 !== 0;
      const next = at + 1 + (wide ? 128 : 64);
      if (next > end) return null;
      first.set(name & 15, wide ? bytes.readUInt16BE(at + 1) : bytes.readUInt8(at + 1));
      at = next;
    }
  }
  const steps = frame.components.map(({ table }) => (first.get(table) ?? 0) / 8);
  return steps.length > 0 && steps.every((step) => step > 0) ? steps : null;
}
