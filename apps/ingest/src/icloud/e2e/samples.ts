import { createHash } from 'node:crypto';
import type { LocalLibrary, NewAsset } from '@media-pipeline/local-icloud';

type Given = { readonly data: Buffer; readonly type: string };

export const still = (text: string): Given => ({ data: Buffer.from(text), type: 'public.heic' });
export const jpeg = (text: string): Given => ({ data: Buffer.from(text), type: 'public.jpeg' });
export const movie = (text: string): Given => ({ data: Buffer.from(text), type: 'com.apple.quicktime-movie' });
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** 2021-05-03 23:30 at the place, the next day in UTC. */
export const evening = { takenAt: Date.parse('2021-05-04T04:30:00Z'), timeZoneOffset: -5 * 3600 };

/** Puts a photo into the local iCloud. */
export const add = async (photos: LocalLibrary, filename: string | null, text = `${filename} ${Math.random()}`, more: Partial<NewAsset> = {}): ReturnType<LocalLibrary['add']> =>
  await photos.add({ filename, original: still(text), ...evening, ...more });
