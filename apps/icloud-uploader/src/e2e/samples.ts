import { sha256 } from './scene';

/** Enough of a JPEG to be taken for one. */
export const jpeg = (text: string): Buffer => Buffer.concat([Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex'), Buffer.from(text), Buffer.from('ffd9', 'hex')]);
export const photos = (count: number): Record<string, Buffer> => Object.fromEntries(Array.from({ length: count }, (_, index) => [`IMG_${index + 1}.JPG`, jpeg(`photo ${index + 1}`)]));
export const once = (files: Readonly<Record<string, Buffer>>): Map<string, number> => new Map(Object.values(files).map((data) => [sha256(data), 1]));
