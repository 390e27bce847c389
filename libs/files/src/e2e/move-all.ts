import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { LibraryPath } from '@media-pipeline/contracts';
import { Library } from '../library';
import { FileMover } from '../mover';
import { FileJournal } from './file-journal';

/** Recovers, then moves originals/N/M.bin to cleanup/N/M.bin, for as long as it lives. */
async function moveAll(root: string, journal: string, count: number): Promise<void> {
  const library = Library.at(root);
  const mover = new FileMover(library, new FileJournal(journal));
  process.stdout.write('begun\n');
  await mover.recover();
  for (let n = 0; n < count; n++) {
    const from = `originals/${n % 5}/${n}.bin` as LibraryPath;
    const data = await readFile(library.absolute(from)).catch(() => null);
    if (data === null) continue;
    const to = `cleanup/${n % 5}/${n}.bin` as LibraryPath;
    await mover.move({ assetId: null, fileId: null, from, to, sha256: createHash('sha256').update(data).digest('hex'), bytes: data.length, reason: 'test' });
  }
}

const [root = '', journal = '', count = '0'] = process.argv.slice(2);
void moveAll(root, journal, Number(count));
