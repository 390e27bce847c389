import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { contentHash } from './content-hash';
import { PartFile } from './part-file';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'mp-part-'))));
afterAll(() => rm(folder, { recursive: true }));

const digestOf = (content: Uint8Array) => {
  const hash = contentHash();
  hash.update(content);
  return hash.digest();
};

it('holds what was appended, over any number of openings, and knows its hash', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(fc.nat({ max: 700_000 }), { maxLength: 8 }), { maxLength: 4 }), async (sizes) => {
      const sittings = sizes.map((sitting) => sitting.map((size) => randomBytes(size)));
      const file = path.join(folder, 'a.part');
      await rm(file, { force: true });
      const all = Buffer.concat(sittings.flat());
      for (const chunks of sittings) {
        const part = await PartFile.open(file, all.length);
        for (const chunk of chunks) await part.append(chunk);
        await part.flush();
        await part.close();
      }
      const part = await PartFile.open(file, all.length);
      expect(part.bytes).toBe(all.length);
      expect(part.digest()).toEqual(digestOf(all));
      await part.close();
      expect((await readFile(file)).equals(all)).toBe(true);
    }),
    { numRuns: 25 },
  );
});

it('begins anew when told, or when there is more than there can be', async () => {
  const file = path.join(folder, 'b.part');
  await writeFile(file, 'something longer');
  const part = await PartFile.open(file, 5);
  expect(part.bytes).toBe(0);
  await part.append(Buffer.from('wrong'));
  await part.reset();
  await part.append(Buffer.from('right'));
  await part.sync();
  expect(part.digest()).toEqual(digestOf(Buffer.from('right')));
  await part.close();
  expect(await readFile(file, 'utf8')).toBe('right');
});

it('goes through no link and into no folder', async () => {
  await writeFile(path.join(folder, 'elsewhere'), 'untouched');
  await symlink('elsewhere', path.join(folder, 'c.part'));
  await expect(PartFile.open(path.join(folder, 'c.part'), 5)).rejects.toMatchObject({ code: 'NOT_A_REGULAR_FILE' });
  await expect(PartFile.open(path.join(folder, 'missing', 'd.part'), 5)).rejects.toMatchObject({ code: 'FILE_MISSING' });
  expect((await stat(path.join(folder, 'elsewhere'))).size).toBe(9);
});

it('tells whoever writes that the disk is full', async () => {
  const part = await PartFile.open('/dev/full', 5).catch((error: unknown) => error);
  expect(part).toMatchObject({ code: 'NOT_A_REGULAR_FILE' });
});
