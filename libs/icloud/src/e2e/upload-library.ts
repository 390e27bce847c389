import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { LocalICloud } from '@media-pipeline/local-icloud';
import { contentOf, ContentIndex, PhotoLibrary, Uploads, type FileToUpload, type IndexedFile, type IndexPage, type ServiceClient, type UploadsOptions, type Zone } from '..';
import { primaryOf } from './photo-library';
import type { Scene } from './scene';

/** What a stage keeps in its database. */
export class MemoryIndex extends ContentIndex {
  token: string | null = null;
  files: readonly IndexedFile[] = [];
  readonly pages: IndexPage[] = [];

  override async syncToken(): Promise<string | null> {
    return this.token;
  }

  override async save(page: IndexPage): Promise<void> {
    this.pages.push(page);
    const renewed = new Set(page.assets);
    const kept = page.fromScratch ? [] : this.files.filter(({ recordName }) => !renewed.has(recordName));
    this.files = [...kept, ...page.files];
    this.token = page.syncToken;
  }

  override async find(checksums: readonly string[]): Promise<readonly IndexedFile[]> {
    return this.files.filter(({ checksum }) => checksums.includes(checksum));
  }
}

/** The head of a JPEG, which is all that the stand-in looks at, and bytes that nobody has yet. */
const newPhoto = (bytes: number): Buffer => Buffer.concat([Buffer.of(0xff, 0xd8, 0xff, 0xe0), randomBytes(bytes - 4)]);

export async function newFile(folder: string, name: string, data = newPhoto(3000)): Promise<FileToUpload> {
  const at = path.join(folder, `${randomBytes(4).toString('hex')}-${name}`);
  await writeFile(at, data);
  return { path: at, name, modifiedAt: new Date(Date.UTC(2024, 6, 1, 12)), ...(await contentOf(at)) };
}

export const photo = async (scene: Scene, bytes = 3000): Promise<FileToUpload> => await newFile(scene.folder, 'IMG_1.JPG', newPhoto(bytes));

export interface Uploading {
  readonly account: ServiceClient;
  readonly uploads: Uploads;
  readonly index: MemoryIndex;
  readonly zone: Zone;
}

export async function uploading(scene: Scene, options: UploadsOptions = {}): Promise<Uploading> {
  const account = await scene.signedIn();
  const zone = await primaryOf(new PhotoLibrary(account, { clock: scene.clientClock }));
  const index = new MemoryIndex();
  return { account, zone, index, uploads: new Uploads(account, zone, index, { clock: scene.clientClock, ...options }) };
}

/** How many assets that are shown, hidden or in the trash have the content, once all that was taken has its records. */
export function assetsWith(icloud: LocalICloud, { checksum, bytes }: FileToUpload): string[] {
  return icloud.library.assets('PrimarySync').flatMap(({ recordName, resources }) => (resources.some((one) => one.checksum === checksum && one.bytes === bytes) ? [recordName] : []));
}
