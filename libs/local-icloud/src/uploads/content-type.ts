import { typeOfName } from '../photos/types';

/** How many bytes of a file tell what it is. */
export const TELLING_BYTES = 32;

const QUICKTIME = 'com.apple.quicktime-movie';
/** First boxes of QuickTime files that have no `ftyp`. */
const quickTimeBoxes = new Set(['moov', 'mdat', 'wide', 'free', 'skip', 'pnot']);
const heifBrands = new Set(['heic', 'heix', 'hevc', 'hevx', 'heim', 'heis', 'mif1', 'msf1']);
const ownTypes = new Set(['public.jpeg', 'public.png', 'com.compuserve.gif', 'public.heic', 'public.heif', QUICKTIME, 'public.mpeg-4', 'com.apple.m4v-video']);

/**
 * The UTI of uploaded bytes: by their first bytes where they tell, else by the name; a name whose format would have been recognised and was
 * not counts as `public.data`. How iCloud decides it is not known.
 */
export function typeOfUpload(head: Buffer, name: string): string {
  const told = typeOfHead(head);
  if (told !== null) return told;
  const named = typeOfName(name);
  return ownTypes.has(named) ? 'public.data' : named;
}

function typeOfHead(head: Buffer): string | null {
  if (head.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return 'public.jpeg';
  if (head.subarray(1, 4).toString('latin1') === 'PNG') return 'public.png';
  if (head.subarray(0, 4).toString('latin1') === 'GIF8') return 'com.compuserve.gif';
  const box = head.subarray(4, 8).toString('latin1');
  if (box !== 'ftyp') return quickTimeBoxes.has(box) ? QUICKTIME : null;
  const brand = head.subarray(8, 12).toString('latin1');
  if (brand === 'qt  ') return QUICKTIME;
  if (heifBrands.has(brand)) return 'public.heic';
  if (brand === 'crx ') return 'com.canon.cr3-raw-image';
  return brand.startsWith('M4V') ? 'com.apple.m4v-video' : 'public.mpeg-4';
}
