import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { LocalLibrary } from '@media-pipeline/local-icloud';
import { makePicture } from './pictures';

const run = promisify(execFile);

/** What {@link fillCloud} has put into an iCloud. */
export interface CloudPhotos {
  /** Assets that a client is to see: not hidden, not in Recently Deleted. */
  readonly visible: number;
  /** Of those, the ones whose every byte another one has too. */
  readonly duplicates: number;
  /** SHA-256 of every file of the visible assets. */
  readonly contents: ReadonlySet<string>;
}

/** Of a hundred assets, which are what. */
const plan = (index: number): 'photo' | 'live' | 'raw' | 'edited' | 'video' | 'hidden' | 'trashed' | 'duplicated' => {
  const turn = index % 100;
  if (turn < 20) return 'live';
  if (turn < 26) return 'raw';
  if (turn < 38) return 'edited';
  if (turn < 42) return 'video';
  if (turn < 44) return 'hidden';
  if (turn < 46) return 'trashed';
  if (turn < 50) return 'duplicated';
  return 'photo';
};
const emoji = ['🎂 Geburtstag', '👨‍👩‍👧‍👦', 'été à Nîmes', '日本の夏', 'a/b:c', '  spaced  '];
/** Few names for many photos, as cameras give them; every seventh is a person's own. */
const nameOf = (index: number, extension: string): string => (index % 7 === 3 ? `${emoji[index % emoji.length] ?? ''} ${index % 40}.${extension}` : `IMG_${String(index % 60).padStart(4, '0')}.${extension}`);

/**
 * Puts `count` small real photos and videos into a local iCloud: Live Photos, RAW+JPEG, edits with their sidecar, a shared library,
 * names that many share, names that file systems dislike, hidden and deleted ones. The files are written to `directory`. Needs ffmpeg.
 */
export async function fillCloud(library: LocalLibrary, directory: string, count: number, seed: number): Promise<CloudPhotos> {
  await mkdir(directory, { recursive: true });
  const movie = await makeMovie(directory);
  const shared = library.addSharedLibrary();
  const contents = new Set<string>();
  let visible = 0;
  let duplicates = 0;
  let written = 0;
  const put = async (data: Uint8Array, extension: string, seen: boolean): Promise<{ file: string }> => {
    const file = path.join(directory, `${String(written++).padStart(5, '0')}.${extension}`);
    await writeFile(file, data);
    if (seen) contents.add(createHash('sha256').update(data).digest('hex'));
    return { file };
  };

  for (let index = 0; index < count; index++) {
    const kind = plan(index);
    const seen = kind !== 'hidden' && kind !== 'trashed';
    const picture = async (n: number): Promise<{ file: string }> => await put(await makePicture(seed * 1_000_000 + index * 4 + n, { width: 96, height: 72, date: dateOf(index) }), 'jpg', seen);
    const video = async (): Promise<{ file: string }> => await put(unlike(movie, seed * 1_000_000 + index), 'mov', seen);
    const about = { zone: index % 9 === 5 ? shared : 'PrimarySync', takenAt: Date.UTC(2021, index % 12, (index % 28) + 1, 10), timeZoneOffset: 7200, hidden: kind === 'hidden' };
    const asset = await library.add({
      ...about,
      filename: index % 50 === 49 ? null : nameOf(index, kind === 'video' ? 'MOV' : kind === 'raw' ? 'DNG' : 'JPG'),
      original: kind === 'video' ? await video() : kind === 'raw' ? await put(makeRaw((seed % 1_000) * 1_000_000 + index), 'dng', seen) : await picture(0),
      ...(kind === 'raw' && { alternative: await picture(1) }),
      ...(kind === 'live' && { liveVideo: await video() }),
    });
    if (seen) visible++;
    if (kind === 'edited') await library.edit(asset.recordName, { picture: await picture(2), sidecar: { ...(await put(makeSidecar(`${seed}-${index}`), 'aae', seen)), type: 'com.apple.photos.apple-adjustment-envelope' } });
    if (kind === 'trashed') library.trash(asset.recordName);
    if (kind === 'duplicated') {
      library.duplicate(asset.recordName);
      visible++;
      duplicates++;
    }
  }
  return { visible, duplicates, contents };
}

const dateOf = (index: number): string => `2021:${String((index % 12) + 1).padStart(2, '0')}:${String((index % 28) + 1).padStart(2, '0')} 12:00:00`;

/** Half a second of a moving picture, H.264 in QuickTime. */
async function makeMovie(directory: string): Promise<Buffer> {
  const file = path.join(directory, 'template.mov');
  await run('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', 'testsrc=duration=0.5:size=96x72:rate=10', '-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-metadata', 'creation_time=2021-05-03T10:00:00Z', file]);
  return readFile(file);
}

/** The same movie with another `free` atom at its end: other bytes, the same picture. */
function unlike(movie: Buffer, number: number): Buffer {
  const atom = Buffer.alloc(16);
  atom.writeUInt32BE(16, 0);
  atom.write('free', 4, 'latin1');
  atom.writeBigUInt64BE(BigInt(number), 8);
  return Buffer.concat([movie, atom]);
}

/** The least that is a DNG: one directory with a DNGVersion, and a number that makes it another one. */
function makeRaw(number: number): Buffer {
  const dng = Buffer.alloc(8 + 2 + 2 * 12 + 4 + 64);
  dng.write('II*\0', 0, 'latin1');
  dng.writeUInt32LE(8, 4);
  dng.writeUInt16LE(2, 8);
  const entry = (at: number, tag: number, type: number, count: number, value: number): void => {
    dng.writeUInt16LE(tag, at);
    dng.writeUInt16LE(type, at + 2);
    dng.writeUInt32LE(count, at + 4);
    dng.writeUInt32LE(value, at + 8);
  };
  entry(10, 0x0110, 4, 1, number);
  entry(22, 0xc612, 1, 4, 0x00000401);
  dng.writeUInt32LE(number, 40);
  return dng;
}

const makeSidecar = (name: string): Buffer =>
  Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"><dict><key>adjustmentBaseVersion</key><integer>0</integer><key>n</key><string>${name}</string></dict></plist>\n`);
