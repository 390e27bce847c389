// Writes EXIF as a camera does: a TIFF structure, big-endian, with the Exif and GPS directories (EXIF 2.32, CIPA DC-008).
const sizes = { byte: 1, ascii: 1, short: 2, long: 4, rational: 8, undefined: 1, slong: 4 };
const codes = { byte: 1, ascii: 2, short: 3, long: 4, rational: 5, undefined: 7, slong: 9 };

function bytesOf(type, value) {
  const values = [value].flat();
  if (type === 'ascii') return Buffer.from(`${value}\0`, 'utf8');
  if (type === 'undefined' || type === 'byte') return Buffer.from(value);
  const bytes = Buffer.alloc(values.length * sizes[type]);
  values.forEach((entry, index) => {
    if (type === 'short') bytes.writeUInt16BE(entry, index * 2);
    if (type === 'long') bytes.writeUInt32BE(entry, index * 4);
    if (type === 'slong') bytes.writeInt32BE(entry, index * 4);
    if (type === 'rational') {
      const denominator = Number.isInteger(entry) ? 1 : 1_000_000;
      bytes.writeUInt32BE(Math.round(entry * denominator), index * 8);
      bytes.writeUInt32BE(denominator, index * 8 + 4);
    }
  });
  return bytes;
}

/** One directory: entries in order of tag, then the values that do not fit into four bytes. @param {number} start where it will lie */
function directory(entries, start) {
  const sorted = entries.toSorted((a, b) => a[0] - b[0]);
  const head = Buffer.alloc(2 + sorted.length * 12 + 4);
  head.writeUInt16BE(sorted.length, 0);
  const values = [];
  let end = start + head.length;
  sorted.forEach(([tag, type, value], index) => {
    const bytes = bytesOf(type, value);
    const at = 2 + index * 12;
    head.writeUInt16BE(tag, at);
    head.writeUInt16BE(codes[type], at + 2);
    head.writeUInt32BE(bytes.length / sizes[type], at + 4);
    if (bytes.length <= 4) return void bytes.copy(head, at + 8);
    head.writeUInt32BE(end, at + 8);
    const padded = bytes.length % 2 ? Buffer.concat([bytes, Buffer.alloc(1)]) : bytes;
    values.push(padded);
    end += padded.length;
  });
  return Buffer.concat([head, ...values]);
}

const degrees = (value) => {
  const minutes = (Math.abs(value) % 1) * 60;
  return [Math.floor(Math.abs(value)), Math.floor(minutes), (minutes % 1) * 60];
};

/**
 * The iPhone's maker note with nothing but the identifier that ties a Live Photo's two files together (tag 0x0011).
 * Its offsets count from the start of the note; layout as ExifTool reads it (Image::ExifTool::Apple).
 */
function appleMakerNote(contentIdentifier) {
  const head = Buffer.from('Apple iOS\0\0\x01MM', 'latin1');
  return Buffer.concat([head, directory([[0x0001, 'slong', 14], [0x0011, 'ascii', contentIdentifier]], head.length)]);
}

/**
 * @param {{ width: number, height: number, make: string, model: string, date: string, offset?: string, orientation?: number, gps?: { latitude: number, longitude: number, altitude: number },
 *   contentIdentifier?: string }} photo `date` as EXIF writes it (`2023:05:01 12:00:00`), `offset` as `+02:00`
 * @returns {Buffer} the TIFF structure, without the leading `Exif\0\0`
 */
export function exif({ width, height, make, model, date, offset, orientation = 1, gps, contentIdentifier }) {
  const zone = offset ? [[0x9010, 'ascii', offset], [0x9011, 'ascii', offset], [0x9012, 'ascii', offset]] : [];
  const note = contentIdentifier ? [[0x927c, 'undefined', appleMakerNote(contentIdentifier)]] : [];
  const camera = [
    [0x829a, 'rational', 0.004], [0x829d, 'rational', 1.8], [0x8827, 'short', 64], [0x9000, 'undefined', '0232'],
    [0x9003, 'ascii', date], [0x9004, 'ascii', date], [0x9101, 'undefined', [1, 2, 3, 0]], [0x9291, 'ascii', '417'], [0x920a, 'rational', 5.7], [0xa434, 'ascii', `${model} 5.7mm f/1.8`],
    [0xa000, 'undefined', '0100'], [0xa001, 'short', 1], [0xa002, 'long', width], [0xa003, 'long', height], ...zone, ...note,
  ];
  const main = (exifAt, gpsAt) => [
    [0x010f, 'ascii', make], [0x0110, 'ascii', model], [0x0112, 'short', orientation], [0x011a, 'rational', 72], [0x011b, 'rational', 72], [0x0128, 'short', 2],
    [0x0132, 'ascii', date], [0x0213, 'short', 1], [0x8769, 'long', exifAt], ...(gps ? [[0x8825, 'long', gpsAt]] : []),
  ];
  const place = gps && [
    [0x0000, 'byte', [2, 3, 0, 0]], [0x0001, 'ascii', gps.latitude < 0 ? 'S' : 'N'], [0x0002, 'rational', degrees(gps.latitude)],
    [0x0003, 'ascii', gps.longitude < 0 ? 'W' : 'E'], [0x0004, 'rational', degrees(gps.longitude)], [0x0006, 'rational', gps.altitude],
  ];
  const header = Buffer.from('MM\0\x2a\0\0\0\x08', 'latin1');
  const exifAt = 8 + directory(main(0, 0), 8).length;
  const cameraDirectory = directory(camera, exifAt);
  const gpsAt = exifAt + cameraDirectory.length;
  return Buffer.concat([header, directory(main(exifAt, gpsAt), 8), cameraDirectory, ...(place ? [directory(place, gpsAt)] : [])]);
}

/** Puts EXIF into a JPEG, straight after its first marker, where cameras put it. */
export function withExif(jpeg, tiff) {
  const body = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]);
  const segment = Buffer.from([0xff, 0xe1, (body.length + 2) >> 8, (body.length + 2) & 255]);
  return Buffer.concat([jpeg.subarray(0, 2), segment, body, jpeg.subarray(2)]);
}
