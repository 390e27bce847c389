import { constants } from 'node:fs';
import { access, copyFile, link, mkdtemp, readdir, rm, stat, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { areas, type Config } from '@media-pipeline/config';
import { bytes } from '../output/text';
import { fail, ok, reasonOf, warn, type Finding } from './finding';

const scarceBytes = 5e9;

export async function checkFolders(config: Config): Promise<Finding[]> {
  const { folderSource, enable, dedupe } = config;
  return [...(await checkLibrary(config)), ...(await checkSource(folderSource.path, enable.folderDownload)), ...(enable.deduplication ? await checkOutside(dedupe.directories) : [])];
}

async function checkLibrary({ library, database }: Config): Promise<Finding[]> {
  const findings: Finding[] = [];
  if (!(await isFolder(library.root))) {
    return [warn('library', `${library.root} is not there yet`, 'The first run makes it, or `media-pipeline nas init`.')];
  }
  findings.push(await checkSpace('library', library.root));
  const missing: string[] = [];
  for (const area of areas) {
    const directory = library.areas[area];
    if (!(await isFolder(directory))) missing.push(area);
    else if (!(await isWritable(directory))) findings.push(fail(`area ${area}`, `${directory} cannot be written`, 'Mount it writable, and give the user that runs the pipeline write permission.'));
  }
  if (missing.length > 0) findings.push(ok('areas', `not there yet: ${missing.join(', ')} (the next start makes them)`));
  else if (findings.every(({ level }) => level !== 'fail')) findings.push(ok('areas', `all ${areas.length} can be written`));
  findings.push(...(await tryVolume(library.areas.originals, library.areas.sorted)));
  if (database.kind === 'sqlite') findings.push(...(await checkDatabaseVolume(library.areas['.media-pipeline'])));
  return findings;
}

const isFolder = async (directory: string): Promise<boolean> => (await stat(directory).catch(() => null))?.isDirectory() === true;
const isWritable = (directory: string): Promise<boolean> =>
  inTemporaryFolder(directory, () => Promise.resolve(true)).catch(() => false);

async function inTemporaryFolder<T>(directory: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(directory, '.mp-doctor-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function checkSpace(about: string, directory: string): Promise<Finding> {
  const { bavail, bsize, blocks } = await statfs(directory);
  const free = bavail * bsize;
  const detail = `${directory}, ${bytes(free)} of ${bytes(blocks * bsize)} free`;
  return free < scarceBytes ? warn(about, detail, 'Free some space: a full volume stops the pipeline (without loss).') : ok(about, detail);
}

/** What the volume can do, tried on files of our own. */
async function tryVolume(originals: string, sorted: string): Promise<Finding[]> {
  if (!(await isFolder(originals)) || !(await isFolder(sorted))) return [];
  const findings: Finding[] = [];
  try {
    await inTemporaryFolder(originals, async (folder) => {
      const probe = path.join(folder, 'probe');
      await writeFile(probe, 'probe');
      await inTemporaryFolder(sorted, async (archive) => {
        findings.push(
          await link(probe, path.join(archive, 'probe')).then(
            () => ok('hard links', 'from originals/ to sorted/: archiving costs no space'),
            (error: unknown) => warn('hard links', `from originals/ to sorted/: ${reasonOf(error)}`, 'Keep all areas on one volume; until then bytes are copied.'),
          ),
        );
      });
      const shares = await copyFile(probe, path.join(folder, 'clone'), constants.COPYFILE_FICLONE_FORCE).then(
        () => true,
        () => false,
      );
      findings.push(ok('copy-on-write', shares ? 'files can share blocks: taking in from the same volume costs no space' : 'not on this volume: files are copied'));
      const names = await readdir(folder);
      const insensitive = await access(path.join(folder, 'PROBE')).then(
        () => !names.includes('PROBE'),
        () => false,
      );
      findings.push(ok('file names', insensitive ? 'upper and lower case are the same on this volume' : 'upper and lower case differ'));
    });
  } catch (error) {
    findings.push(fail('volume', reasonOf(error), 'Mount it writable, and give the user that runs the pipeline write permission.'));
  }
  return findings;
}

/** File system types (statfs f_type) whose locks SQLite cannot rely on: NFS, SMB/CIFS, SMB2, 9p, FUSE (sshfs and the like). */
const remoteTypes: Readonly<Record<number, string>> = { 0x6969: 'NFS', 0x517b: 'SMB', 0xff534d42: 'CIFS', 0xfe534d42: 'SMB2', 0x01021997: '9p', 0x65735546: 'FUSE' };

async function checkDatabaseVolume(state: string): Promise<Finding[]> {
  const type = (await statfs(state).catch(() => null))?.type;
  const name = type === undefined ? undefined : remoteTypes[type];
  return name === undefined ? [] : [warn('database volume', `SQLite lies on ${name}, where its locks cannot be relied on`, 'Put STATE_DIR on a local disk, or set DATABASE_URL to PostgreSQL.')];
}

async function checkSource(source: string | null, wanted: boolean): Promise<Finding[]> {
  if (!wanted) return [];
  if (source === null) return [ok('source', 'none is named: FOLDER_SOURCE_PATH is not set')];
  if (!(await isFolder(source))) return [fail('source', `${source} is not there`, 'Mount it, or correct FOLDER_SOURCE_PATH.')];
  return access(source, constants.R_OK | constants.X_OK).then(
    () => [ok('source', source)],
    (error: unknown) => [fail('source', reasonOf(error), 'Give the user that runs the pipeline permission to read it.')],
  );
}

/** Files in directories that are not there do not count as here already: what is new is taken in a second time. */
async function checkOutside(directories: readonly string[]): Promise<Finding[]> {
  const there = await Promise.all(directories.map((directory) => access(directory, constants.R_OK | constants.X_OK).then(() => true, () => false)));
  const missing = directories.filter((_, index) => there[index] === false);
  if (missing.length > 0) return [warn('duplicates', `DEDUPLICATION_DIRECTORIES: ${missing.join(', ')} cannot be read`, 'Mount it before the pipeline starts: until then, what lies there is taken in once more.')];
  return directories.length === 0 ? [] : [ok('duplicates', `also against ${directories.join(', ')}`)];
}
