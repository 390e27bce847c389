import path from 'node:path';
import type { SyntheticFormat } from './synthetic';

/** Uniform type identifiers as CPLMaster's itemType and res*FileType carry them, by file extension (the list public clients know). */
const types: Readonly<Record<string, string>> = {
  '.jpg': 'public.jpeg',
  '.jpeg': 'public.jpeg',
  '.heic': 'public.heic',
  '.heif': 'public.heif',
  '.png': 'public.png',
  '.gif': 'com.compuserve.gif',
  '.tif': 'public.tiff',
  '.tiff': 'public.tiff',
  '.bmp': 'com.microsoft.bmp',
  '.webp': 'org.webmproject.webp',
  '.dng': 'com.adobe.raw-image',
  '.cr2': 'com.canon.cr2-raw-image',
  '.cr3': 'com.canon.cr3-raw-image',
  '.arw': 'com.sony.arw-raw-image',
  '.raf': 'com.fuji.raw-image',
  '.nef': 'com.nikon.raw-image',
  '.nrw': 'com.nikon.nrw-raw-image',
  '.orf': 'com.olympus.raw-image',
  '.pef': 'com.pentax.raw-image',
  '.rw2': 'com.panasonic.rw2-raw-image',
  '.mov': 'com.apple.quicktime-movie',
  '.mp4': 'public.mpeg-4',
  '.m4v': 'com.apple.m4v-video',
  '.avi': 'public.avi',
  '.aae': 'com.apple.photos.apple-adjustment-envelope',
};

const movies = new Set(['com.apple.quicktime-movie', 'public.mpeg-4', 'com.apple.m4v-video', 'public.avi']);

/** The UTI that a file's extension stands for; `public.data` when none is known. */
export function typeOfName(name: string): string {
  return types[path.extname(name).toLowerCase()] ?? 'public.data';
}

/** What iCloud Photos would take from a folder: pictures and videos, not sidecars or notes. */
export function isMediaName(name: string): boolean {
  const type = typeOfName(name);
  return type !== 'public.data' && !type.endsWith('apple-adjustment-envelope');
}

export const isMovieType = (type: string) => movies.has(type);
export const isRawType = (type: string) => type.endsWith('raw-image');

const formats: Readonly<Record<SyntheticFormat, readonly [type: string, extension: string]>> = {
  jpeg: ['public.jpeg', 'JPG'],
  heic: ['public.heic', 'HEIC'],
  mov: ['com.apple.quicktime-movie', 'MOV'],
  dng: ['com.adobe.raw-image', 'DNG'],
};

export const typeOfFormat = (format: SyntheticFormat) => formats[format][0];
export const extensionOfFormat = (format: SyntheticFormat) => formats[format][1];
