/** Uniform type identifiers that iCloud Photos records carry, and the extension their files have. */
const extensions: Readonly<Record<string, string>> = {
  'public.jpeg': 'JPG',
  'public.heic': 'HEIC',
  'public.heif': 'HEIF',
  'public.avif': 'AVIF',
  'public.png': 'PNG',
  'public.tiff': 'TIFF',
  'com.compuserve.gif': 'GIF',
  'com.microsoft.bmp': 'BMP',
  'org.webmproject.webp': 'WEBP',
  'public.jpeg-xl': 'JXL',
  'com.adobe.photoshop-image': 'PSD',
  'com.adobe.raw-image': 'DNG',
  'com.apple.raw-image': 'DNG',
  'com.canon.cr2-raw-image': 'CR2',
  'com.canon.cr3-raw-image': 'CR3',
  'com.canon.crw-raw-image': 'CRW',
  'com.sony.arw-raw-image': 'ARW',
  'com.fuji.raw-image': 'RAF',
  'com.nikon.raw-image': 'NEF',
  'com.nikon.nrw-raw-image': 'NRW',
  'com.olympus.raw-image': 'ORF',
  'com.olympus.or-raw-image': 'ORF',
  'com.panasonic.rw2-raw-image': 'RW2',
  'com.panasonic.raw-image': 'RAW',
  'com.pentax.raw-image': 'PEF',
  'com.apple.quicktime-movie': 'MOV',
  'public.mpeg-4': 'MP4',
  'com.apple.m4v-video': 'M4V',
  'public.3gpp': '3GP',
  'public.3gpp2': '3G2',
  'public.avi': 'AVI',
  'public.mpeg': 'MPG',
  'public.mpeg-2-video': 'M2V',
  'org.webmproject.webm': 'WEBM',
  'org.matroska.mkv': 'MKV',
  'com.apple.photos.apple-adjustment-envelope': 'AAE',
  'com.adobe.xmp': 'XMP',
};

const videoExtensions = new Set(['MOV', 'MP4', 'M4V', '3GP', '3G2', 'AVI', 'MPG', 'M2V', 'WEBM', 'MKV', 'MTS', 'M2TS', 'WMV']);

/** Upper case, without the dot; null for a type that is not known. */
export const extensionOf = (type: string): string | null => extensions[type] ?? null;

/** By type, else by the name's extension. */
export function isVideo(type: string, filename: string): boolean {
  const known = extensionOf(type);
  if (known) return videoExtensions.has(known);
  if (/(movie|video|mpeg)/.test(type)) return true;
  return videoExtensions.has(/\.([^.]+)$/.exec(filename)?.[1]?.toUpperCase() ?? '');
}
