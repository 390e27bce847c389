import { open, unlink } from 'node:fs/promises';
import path from 'node:path';
import { LibraryPath, PipelineError } from '@media-pipeline/contracts';
import { makeDirectories } from './directories';
import { fileError } from './file-errors';
import { temporaryPath } from './temporary-name';

/** The areas of a library: what a library path begins with. Each may lie in a directory of its own. */
export const areas = [
  'originals',
  'compressed',
  'bridge/icloud',
  'bridge/pixel',
  'uploaded/icloud',
  'uploaded/pixel',
  'sorted',
  'cleanup',
  'logs',
  '.media-pipeline',
] as const;
export type Area = (typeof areas)[number];

/** Where a library lies on disk: turns library paths into absolute ones and back, through the directory of each area. */
export class Library {
  readonly root: string;
  readonly areas: Readonly<Record<Area, string>>;

  /** @param directories the absolute directory of each area @param root the library's own directory */
  constructor(directories: Readonly<Record<Area, string>>, root: string) {
    this.root = path.resolve(root);
    this.areas = Object.fromEntries(areas.map((area) => [area, path.resolve(directories[area])])) as Record<Area, string>;
  }

  /** A library with every area in its usual place below `root`. */
  static at(root: string): Library {
    return new Library(Object.fromEntries(areas.map((area) => [area, path.join(root, area)])) as Record<Area, string>, root);
  }

  /** The absolute path. @throws PATH_OUTSIDE_LIBRARY when `libraryPath` is not one (`..`, absolute, empty). */
  absolute(libraryPath: LibraryPath): string {
    if (!LibraryPath.safeParse(libraryPath).success) throw new PipelineError('PATH_OUTSIDE_LIBRARY', `not a path inside the library: ${JSON.stringify(libraryPath)}`);
    const area = areaOf(libraryPath);
    return area === null ? path.join(this.root, libraryPath) : path.join(this.areas[area], libraryPath.slice(area.length));
  }

  /** The library path of an absolute one. @throws PATH_OUTSIDE_LIBRARY when it lies in no area and not below the root. */
  relative(absolute: string): LibraryPath {
    const place = path.resolve(absolute);
    const inside = areas
      .filter((area) => isBelow(place, this.areas[area]))
      .sort((a, b) => this.areas[b].length - this.areas[a].length)
      .map((area) => path.posix.join(area, path.relative(this.areas[area], place)))[0];
    const found = inside ?? (isBelow(place, this.root) ? path.relative(this.root, place) : '');
    const parsed = LibraryPath.safeParse(found);
    // A path below the root whose area was moved elsewhere does not lead back to the same file: it is no library path.
    if (!parsed.success || this.absolute(parsed.data) !== place) throw new PipelineError('PATH_OUTSIDE_LIBRARY', `not in the library: ${absolute}`);
    return parsed.data;
  }

  /** `path('sorted', '2021', '05', '03', 'a.jpg')`. The segments must be safe already. @throws PATH_OUTSIDE_LIBRARY otherwise. */
  path(area: Area, ...segments: readonly string[]): LibraryPath {
    const parsed = LibraryPath.safeParse([area, ...segments].join('/'));
    if (!parsed.success) throw new PipelineError('PATH_OUTSIDE_LIBRARY', `not a path inside the library: ${JSON.stringify([area, ...segments])}`);
    return parsed.data;
  }

  /** Makes every area and proves that it takes bytes. @throws LIBRARY_READ_ONLY, DISK_FULL, IO_ERROR. */
  async prepare(): Promise<void> {
    await makeDirectories(this.root);
    for (const area of areas) {
      const directory = this.areas[area];
      await makeDirectories(directory);
      await proveWritable(directory);
    }
  }
}

const areaOf = (libraryPath: string): Area | null => areas.find((area) => libraryPath === area || libraryPath.startsWith(`${area}/`)) ?? null;

const isBelow = (place: string, directory: string): boolean => place === directory || place.startsWith(directory.endsWith('/') ? directory : `${directory}/`);

async function proveWritable(directory: string): Promise<void> {
  const probe = temporaryPath(path.join(directory, 'probe'));
  try {
    const handle = await open(probe, 'wx', 0o600);
    try {
      await handle.write('can this library be written?');
      await handle.sync();
    } finally {
      await handle.close();
      await unlink(probe);
    }
  } catch (error) {
    throw fileError(error, directory, 'library');
  }
}
