import { open } from 'node:fs/promises';
import { findBox, readBoxes } from '../isobmff/boxes';
import { handlerOf } from './describe';
import { parseMoov } from './atom';
import { MovieFile } from './movie-file';
import { corruptMovie, parsing } from './structure';

/**
 * Multiplies the translation of the video track's matrix, in place: a rotated picture is moved back into view by its own size, so that
 * the numbers of a larger picture push a smaller one out of it.
 * @param path a file of our own making; never an original
 */
export async function scaleTrackMatrix(path: string, factor: number): Promise<void> {
  await using file = await MovieFile.open(path);
  const moovBox = file.boxes.find(({ type }) => type === 'moov');
  const moov = await file.moov();
  if (!moovBox || !moov) throw corruptMovie('there is no "moov"');
  const { at, bytes } = parsing('"tkhd"', () => scaledTranslation(moov, factor));
  const handle = await open(path, 'r+');
  try {
    await handle.write(bytes, 0, bytes.length, moovBox.data + at);
  } finally {
    await handle.close();
  }
}

function scaledTranslation(moov: Buffer, factor: number): { at: number; bytes: Buffer } {
  for (const trak of readBoxes(moov).filter(({ type }) => type === 'trak')) {
    const [atom] = parseMoov(moov.subarray(trak.start, trak.end)).children;
    const tkhd = findBox(readBoxes(moov, trak.data, trak.end), 'tkhd');
    if (!atom || !tkhd || handlerOf(atom) !== 'vide') continue;
    // the matrix is a b u c d v x y w; x and y are its seventh and eighth numbers
    const at = tkhd.data + (moov.readUInt8(tkhd.data) === 1 ? 52 : 40) + 24;
    const bytes = Buffer.alloc(8);
    bytes.writeInt32BE(Math.round(moov.readInt32BE(at) * factor), 0);
    bytes.writeInt32BE(Math.round(moov.readInt32BE(at + 4) * factor), 4);
    return { at, bytes };
  }
  throw corruptMovie('there is no video track');
}
