// Writes a HEIC as an iPhone does: 512×512 HEVC tiles, a grid item that joins them, an Exif item (ISO/IEC 23008-12).
import { ffmpeg } from './programs.mjs';

const u8 = (...values) => Buffer.from(values);
const u16 = (value) => u8(value >> 8, value & 255);
const u32 = (value) => u8(value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255);
const box = (type, ...content) => {
  const body = Buffer.concat(content);
  return Buffer.concat([u32(body.length + 8), Buffer.from(type, 'latin1'), body]);
};
const fullBox = (type, version, flags, ...content) => box(type, u32(version * 0x1000000 + flags), ...content);

/** The NAL units of an Annex B stream, without start codes. */
function nalUnits(stream) {
  const starts = [];
  for (let at = stream.indexOf('\0\0\x01', 0, 'latin1'); at >= 0; at = stream.indexOf('\0\0\x01', at + 3, 'latin1')) starts.push(at + 3);
  return starts.map((start, index) => {
    let end = index + 1 < starts.length ? starts[index + 1] - 3 : stream.length;
    while (stream[end - 1] === 0) end--;
    return stream.subarray(start, end);
  });
}
const nalType = (nal) => (nal[0] >> 1) & 0x3f;
const withoutEmulation = (nal) => Buffer.from(nal.toString('latin1').replaceAll('\0\0\x03', '\0\0'), 'latin1');

/** Decoder configuration (ISO/IEC 14496-15, 8.3.3.1): profile and level as the sequence parameter set has them, 8 bit 4:2:0. */
function hvcC(parameterSets) {
  const sps = withoutEmulation(parameterSets.find((nal) => nalType(nal) === 33));
  const arrays = [32, 33, 34].map((type) => {
    const nals = parameterSets.filter((nal) => nalType(nal) === type);
    return Buffer.concat([u8(0x80 | type), u16(nals.length), ...nals.flatMap((nal) => [u16(nal.length), nal])]);
  });
  return box('hvcC', u8(1), sps.subarray(3, 15), u16(0xf000), u8(0xfc, 0xfc | 1, 0xf8, 0xf8), u16(0), u8(0x0f), u8(arrays.length), ...arrays);
}

/** Encodes tiles, each one key frame of one stream. @returns {Promise<{ configuration: Buffer, tiles: Buffer[] }>} tiles with length prefixes */
async function encodeTiles(rgb, size) {
  const stream = await ffmpeg(
    ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${size}x${size}`, '-r', '1', '-i', '-', '-vf', 'scale=out_color_matrix=bt709:out_range=pc', '-pix_fmt', 'yuvj420p', '-c:v', 'libx265', '-preset', 'veryfast',
      '-crf', '18', '-profile:v', 'main', '-force_key_frames', 'expr:1', '-x265-params', 'keyint=250:bframes=0:scenecut=0:open-gop=0:range=full:info=0:log-level=none', '-f', 'hevc', '-'],
    rgb,
  );
  const nals = nalUnits(stream);
  const slices = nals.filter((nal) => nalType(nal) < 32);
  const firstSets = nals.slice(0, nals.indexOf(slices[0])).filter((nal) => nalType(nal) >= 32 && nalType(nal) <= 34);
  // first_slice_segment_in_pic_flag opens a picture
  const pictures = [];
  for (const slice of slices) (slice[2] & 0x80 ? (pictures.push([]), pictures.at(-1)) : pictures.at(-1)).push(u32(slice.length), slice);
  return { configuration: hvcC(firstSets), tiles: pictures.map((parts) => Buffer.concat(parts)) };
}

/**
 * @param {import('sharp').Sharp} picture at most 8-bit RGB
 * @param {{ width: number, height: number, tiff: Buffer, rotation?: 0 | 1 | 2 | 3 }} options `rotation` in quarter turns anticlockwise (the irot box)
 * @returns {Promise<Buffer>}
 */
export async function heic(picture, { width, height, tiff, rotation = 0 }) {
  const size = 512;
  const [columns, rows] = [Math.ceil(width / size), Math.ceil(height / size)];
  const whole = await picture.extend({ right: columns * size - width, bottom: rows * size - height, extendWith: 'copy' }).raw().toBuffer({ resolveWithObject: true });
  const cut = [];
  for (let tile = 0; tile < columns * rows; tile++) {
    const [left, top] = [(tile % columns) * size, Math.floor(tile / columns) * size];
    for (let line = 0; line < size; line++) {
      const from = ((top + line) * whole.info.width + left) * 3;
      cut.push(whole.data.subarray(from, from + size * 3));
    }
  }
  const { configuration, tiles } = await encodeTiles(Buffer.concat(cut), size);
  const ids = tiles.map((_, index) => index + 1);
  const [grid, exif] = [tiles.length + 1, tiles.length + 2];

  // iPhones write the grid's few bytes into idat and everything else into mdat
  const gridData = Buffer.concat([u8(0, 0, rows - 1, columns - 1), u16(width), u16(height)]);
  const exifData = Buffer.concat([u32(6), Buffer.from('Exif\0\0', 'latin1'), tiff]);
  const item = (id, type, hidden) => fullBox('infe', 2, hidden ? 1 : 0, u16(id), u16(0), Buffer.from(`${type}\0`, 'latin1'));
  const property = { hvcC: 1, tileSize: 2, colour: 3, gridSize: 4, depth: 5, turn: 6 };
  const properties = box(
    'ipco', configuration, fullBox('ispe', 0, 0, u32(size), u32(size)), box('colr', Buffer.from('nclx', 'latin1'), u16(1), u16(13), u16(1), u8(0x80)),
    fullBox('ispe', 0, 0, u32(width), u32(height)), fullBox('pixi', 0, 0, u8(3, 8, 8, 8)), box('irot', u8(rotation)),
  );
  const essential = 0x80;
  const association = (id, ...of) => Buffer.concat([u16(id), u8(of.length, ...of)]);
  const associations = [
    ...ids.map((id) => association(id, essential | property.hvcC, property.tileSize, property.colour)),
    association(grid, property.gridSize, property.colour, property.depth, essential | property.turn),
  ];
  const meta = (base) => {
    let at = base;
    const extent = (id, method, offset, length) => Buffer.concat([u16(id), u16(method), u16(0), u16(1), u32(offset), u32(length)]);
    const stored = [...ids.map((id, index) => [id, tiles[index].length]), [exif, exifData.length]].map(([id, length]) => extent(id, 0, (at += length) - length, length));
    return fullBox(
      'meta', 0, 0,
      fullBox('hdlr', 0, 0, u32(0), Buffer.from('pict', 'latin1'), Buffer.alloc(13)),
      fullBox('pitm', 0, 0, u16(grid)),
      fullBox('iinf', 0, 0, u16(tiles.length + 2), ...ids.map((id) => item(id, 'hvc1', true)), item(grid, 'grid', false), item(exif, 'Exif', true)),
      fullBox('iref', 0, 0, box('dimg', u16(grid), u16(ids.length), ...ids.map(u16)), box('cdsc', u16(exif), u16(1), u16(grid))),
      box('iprp', properties, fullBox('ipma', 0, 0, u32(associations.length), ...associations)),
      box('idat', gridData),
      fullBox('iloc', 1, 0, u16(0x4400), u16(tiles.length + 2), ...stored, extent(grid, 1, 0, gridData.length)),
    );
  };
  const brands = box('ftyp', Buffer.from('heic\0\0\0\0mif1heic', 'latin1'));
  const start = brands.length + meta(0).length + 8;
  return Buffer.concat([brands, meta(start), box('mdat', ...tiles, exifData)]);
}
