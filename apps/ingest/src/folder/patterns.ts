import { posix } from 'node:path';
import { isTemporaryName } from '@media-pipeline/files';

export type Matcher = (path: string) => boolean;

/**
 * Whether a file is wanted, by its path below the source. Without regard to case; a pattern without a slash looks at the name alone,
 * in any folder. Our own half-written files and the AppleDouble halves of macOS (`._IMG_1.JPG`) never are.
 */
export function wanted(patterns: readonly string[]): Matcher {
  const lower = patterns.map((pattern) => pattern.toLowerCase().replace(/^\.?\//, ''));
  // Nearly all patterns are `*.extension`: a set answers for those.
  const extensions = new Set(lower.flatMap((pattern) => /^\*(\.[^*?[\]{}!/.]+)$/.exec(pattern)?.[1] ?? []));
  const globs = lower.filter((pattern) => !/^\*\.[^*?[\]{}!/.]+$/.test(pattern));
  return (path) => {
    const name = posix.basename(path);
    if (name.startsWith('._') || isTemporaryName(name)) return false;
    if (extensions.has(posix.extname(`_${name.toLowerCase()}`))) return true;
    // A glob's star leaves out hidden files; a hidden photo is a photo.
    const visible = name.toLowerCase().replace(/^\.+/, '');
    return globs.some((glob) => posix.matchesGlob(glob.includes('/') ? posix.join(posix.dirname(path).toLowerCase(), visible) : visible, glob));
  };
}

const systemFiles = new Set(['thumbs.db', 'desktop.ini', 'icon\r']);

/** The kind of a file that the patterns do not want, by its name: `.psd`, or nothing. Null for what systems and desktops leave everywhere. */
export function kindOfOther(path: string): string | null {
  const name = posix.basename(path).toLowerCase();
  if (name.startsWith('.') || isTemporaryName(posix.basename(path)) || systemFiles.has(name)) return null;
  const extension = posix.extname(name);
  return extension.length <= 12 ? extension : '';
}

const passedOver = new Set(
  ['@eaDir', '#recycle', '.@__thumb', '.Trash', '.Trashes', '$RECYCLE.BIN', 'System Volume Information', '.Spotlight-V100', '.fseventsd', '.thumbnails', '.stversions', '.stfolder', 'lost+found'].map(
    (name) => name.toLowerCase(),
  ),
);

/** Folders in which NAS systems, desktops and Syncthing keep thumbnails, waste and their own state. */
export const isPassedOver = (folder: string): boolean => passedOver.has(folder.toLowerCase()) || /^\.trash-\d+$/i.test(folder);
