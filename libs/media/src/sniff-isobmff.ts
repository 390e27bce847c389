import { imageType, videoType, type MediaType } from './types';

const heic = imageType('heic', 'image/heic', 'heic');
const avif = imageType('avif', 'image/avif', 'avif');
const cr3 = imageType('raw', 'image/x-canon-cr3', 'cr3');
const mov = videoType('mov', 'video/quicktime', 'mov');
const mp4 = videoType('mp4', 'video/mp4', 'mp4');
const m4v = videoType('mp4', 'video/mp4', 'm4v');
const threeGp = videoType('3gp', 'video/3gpp', '3gp');

/** Brands of `ftyp` (mp4ra.org/registered-types/brands); null: known, and neither photo nor video. */
const brands: Readonly<Record<string, MediaType | null>> = {
  heic, heix: heic, heim: heic, heis: heic, hevc: heic, hevx: heic, hevm: heic, hevs: heic,
  avif, avis: avif,
  'crx ': cr3,
  'qt  ': mov,
  'M4V ': m4v, M4VH: m4v, M4VP: m4v,
  'M4A ': null, 'M4B ': null, 'M4P ': null, 'F4A ': null, 'F4B ': null, 'aax ': null, 'jp2 ': null, 'jpx ': null, 'jpm ': null,
};

/** Boxes that begin QuickTime files from before `ftyp` existed. */
const oldQuickTime = new Set(['moov', 'mdat', 'wide', 'pnot', 'free', 'skip']);

/** HEIF, AVIF, CR3, QuickTime, MP4 and 3GP by the brands of their `ftyp` box (ISO/IEC 14496-12 §4.3). */
export function sniffIsoBmff(bytes: Buffer): MediaType | null {
  if (bytes.length < 12) return null;
  const size = bytes.readUInt32BE(0);
  const box = bytes.toString('latin1', 4, 8);
  if (box !== 'ftyp') return oldQuickTime.has(box) && (size >= 8 || size <= 1) && quickTimeFollows(bytes, size) ? mov : null;
  if (size < 16) return null;

  const all = [bytes.toString('latin1', 8, 12)];
  for (let at = 16; at + 4 <= Math.min(size, bytes.length); at += 4) all.push(bytes.toString('latin1', at, at + 4));
  const major = all[0] ?? '';
  // `mif1` and `msf1` say only "HEIF": the codec stands among the compatible brands
  if (major === 'mif1' || major === 'msf1' || major === 'mif2') return all.includes('avif') || all.includes('avis') ? avif : all.some((brand) => brands[brand] === heic) ? heic : null;
  if (Object.hasOwn(brands, major)) return brands[major] ?? null;
  if (/^3g[2ps]/.test(major)) return threeGp;
  // an unknown major brand (XAVC, MSNV, isom, mp42, dash, niko …): the first compatible brand that is specific decides
  for (const brand of all) {
    const known = brands[brand];
    if (known !== undefined && known !== mov) return known;
  }
  return all.includes('qt  ') && !all.some((brand) => /^(iso|mp4|avc)/.test(brand)) ? mov : mp4;
}

/** The box after the first one must be one of QuickTime's too, where it can be seen; `wide` alone is an English word. */
function quickTimeFollows(bytes: Buffer, size: number): boolean {
  if (bytes.toString('latin1', 4, 8) === 'moov') return ['mvhd', 'cmov', 'rmra', 'iods', 'udta', 'trak'].includes(bytes.toString('latin1', 12, 16));
  if (size >= 8 && size + 8 <= bytes.length) return [...oldQuickTime, 'udta', 'uuid'].includes(bytes.toString('latin1', size + 4, size + 8));
  return bytes[0] === 0 || size === 1;
}
