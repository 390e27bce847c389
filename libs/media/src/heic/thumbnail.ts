import { boxBytes, requireBox, readBoxes, writeBox } from '../isobmff/boxes';
import { itemBytes, parseHeifMeta, sizeOf } from './meta';

/** What must be carried over for the thumbnail to be decoded, the right way up. */
const wanted = new Set(['hvcC', 'ispe', 'irot', 'imir', 'pixi', 'colr']);

/**
 * The embedded thumbnail of a HEIC (`thmb`, ISO/IEC 23008-12 §6.5.28) as a HEIC of its own, which any decoder takes; null when there is
 * none. Throws MEDIA_CORRUPT when the index makes no sense.
 */
export function heicThumbnail(file: Buffer): Buffer | null {
  const top = readBoxes(file);
  const index = requireBox(top, 'meta');
  const meta = parseHeifMeta(file.subarray(index.data, index.end));
  const thumbnail = meta.references.find(({ type, to }) => type === 'thmb' && to.includes(meta.primary))?.from;
  const location = thumbnail === undefined ? undefined : meta.locations.items.get(thumbnail);
  if (thumbnail === undefined || !location || meta.items.get(thumbnail)?.type !== 'hvc1' || !sizeOf(meta, thumbnail)) return null;
  const data = itemBytes(file, meta, location);
  const properties = (meta.associations.get(thumbnail) ?? []).flatMap((at) => meta.properties[at - 1] ?? []).filter(({ type }) => wanted.has(type));
  const ftyp = writeBox('ftyp', Buffer.from('heic\0\0\0\0mif1heic', 'latin1'));
  const zeros = (length: number): Buffer => Buffer.alloc(length);
  const associations = Buffer.from([0, 0, 0, 0, 0, 0, 0, 1, 0, 1, properties.length, ...properties.map((_, at) => 0x80 | (at + 1))]);
  const rest = [
    writeBox('hdlr', zeros(8), Buffer.from('pict', 'latin1'), zeros(13)),
    writeBox('pitm', zeros(4), Buffer.from([0, 1])),
    writeBox('iinf', zeros(4), Buffer.from([0, 1]), writeBox('infe', Buffer.from([2, 0, 0, 0, 0, 1, 0, 0]), Buffer.from('hvc1\0', 'latin1'))),
    writeBox('iprp', writeBox('ipco', ...properties.map((box) => boxBytes(meta.bytes, box))), writeBox('ipma', associations)),
  ];
  // version 0, 4-byte offsets and lengths, one item of one extent
  const iloc = (offset: number): Buffer => {
    const payload = Buffer.from([0, 0, 0, 0, 0x44, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    payload.writeUInt32BE(offset, 14);
    payload.writeUInt32BE(data.length, 18);
    return writeBox('iloc', payload);
  };
  const metaLength = writeBox('meta', zeros(4), ...rest, iloc(0)).length;
  return Buffer.concat([ftyp, writeBox('meta', zeros(4), ...rest, iloc(ftyp.length + metaLength + 8)), writeBox('mdat', data)]);
}
