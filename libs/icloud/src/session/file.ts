import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { errnoOf, fileError, syncDirectory } from '@media-pipeline/files';

/** Read and write for the owner alone. */
const ownerOnly = 0o600;

/**
 * The text of a secret file; null when there is none. One that others may read is closed to them.
 * @throws FILE_UNREADABLE, IO_ERROR and the other errors of the disk
 */
export async function readSecretFile(file: string): Promise<string | null> {
  try {
    const text = await readFile(file, 'utf8');
    if (((await stat(file)).mode & 0o077) !== 0) await chmod(file, ownerOnly);
    return text;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw fileError(error, file, 'source');
  }
}

/**
 * Replaces a secret file so that a reader, a crash or a power cut finds the old text or the new one, whole; mode 0600 from the first byte on.
 * Only one process at a time may write: the session's lock sees to that.
 * @throws DISK_FULL, LIBRARY_READ_ONLY, IO_ERROR
 */
export async function writeSecretFile(file: string, text: string): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.part`;
  try {
    await prepareFolder(file);
    const handle = await open(temporary, 'wx', ownerOnly);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    await syncDirectory(path.dirname(file));
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw fileError(error, file, 'library');
  }
}

/** Makes the folder of a secret file, closed to others. */
export async function prepareFolder(file: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
}

/** Removes a secret file and what killed writers have left of it. */
export async function removeSecretFile(file: string): Promise<void> {
  await unlink(file).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw fileError(error, file, 'library');
  });
  await removeLeftovers(file);
}

/** Removes what writers that were killed have left. Only for whoever holds the lock: no other writer is alive then. */
export async function removeLeftovers(file: string): Promise<void> {
  const folder = path.dirname(file);
  const [start, end] = [`${path.basename(file)}.`, '.part'];
  const names = await readdir(folder).catch(() => []);
  await Promise.all(names.filter((name) => name.startsWith(start) && name.endsWith(end)).map(async (name) => await unlink(path.join(folder, name)).catch(() => undefined)));
}
