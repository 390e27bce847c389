import { createHash, randomBytes } from 'node:crypto';
import { appendFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { withRegularFile } from '@media-pipeline/files';
import { AppleChecksum } from '../download/content-hash';
import { contentOf, provenBytes, type FileToUpload } from './content';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'mp-upload-'))));
afterAll(() => rm(folder, { recursive: true }));

async function file(bytes: number): Promise<{ data: Buffer; file: FileToUpload }> {
  const data = randomBytes(bytes);
  const at = path.join(folder, randomBytes(4).toString('hex'));
  await writeFile(at, data);
  return { data, file: { path: at, name: 'x.jpg', modifiedAt: new Date(), ...(await contentOf(at)) } };
}

/** What a receiver gets before the reading ends, well or not. */
async function sent(of: FileToUpload, progress?: (bytes: number) => void): Promise<{ got: Buffer; error: unknown }> {
  const got: Buffer[] = [];
  return await withRegularFile(of.path, 'library', async (opened) => {
    try {
      for await (const chunk of provenBytes(opened, of, progress)) got.push(chunk);
      return { got: Buffer.concat(got), error: null };
    } catch (error) {
      return { got: Buffer.concat(got), error };
    }
  });
}

it('knows a file by size, SHA-256 and the checksum that Apple gives it', async () => {
  const { data, file: of } = await file(700_000);
  const apple = new AppleChecksum();
  apple.update(data);
  expect(of).toMatchObject({ bytes: 700_000, sha256: createHash('sha256').update(data).digest('hex'), checksum: apple.digest() });
});

it.each([1, 262_144, 262_145, 1_000_000])('gives all of %i bytes, and says how far it is', async (bytes) => {
  const { data, file: of } = await file(bytes);
  const steps: number[] = [];
  const { got, error } = await sent(of, (n) => steps.push(n));
  expect(error).toBeNull();
  expect(got.equals(data)).toBe(true);
  expect(steps.at(-1)).toBe(bytes);
  expect(steps).toEqual([...steps].sort((a, b) => a - b));
});

const damage: readonly [string, (at: string, data: Buffer) => Promise<void>][] = [
  ['a flipped bit', async (at, data) => await writeFile(at, Buffer.concat([Buffer.of((data[0] ?? 0) ^ 1), data.subarray(1)]))],
  ['less', async (at) => await truncate(at, 400_000)],
  ['more', async (at) => await appendFile(at, 'x')],
  ['nothing', async (at) => await truncate(at, 0)],
];
it.each(damage)('never gives all the bytes of a file with %s', async (_, hurt) => {
  const { data, file: of } = await file(600_000);
  await hurt(of.path, data);
  const { got, error } = await sent(of);
  expect(error).toMatchObject({ code: 'CONTENT_CHANGED' });
  expect(got.length).toBeLessThan(600_000);
});

it('sends nothing of a small file that is another', async () => {
  const { file: of } = await file(1000);
  await writeFile(of.path, randomBytes(1000));
  expect((await sent(of)).got.length).toBe(0);
});
