import { posix } from 'node:path';
import { passedOver } from '@media-pipeline/files';

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
    if (passedOver.file.test(name)) return false;
    if (extensions.has(posix.extname(`_${name.toLowerCase()}`))) return true;
    // A glob's star leaves out hidden files; a hidden photo is a photo.
    const visible = name.toLowerCase().replace(/^\.+/, '');
    return globs.some((glob) => posix.matchesGlob(glob.includes('/') ? posix.join(posix.dirname(path).toLowerCase(), visible) : visible, glob));
  };
}

/** The kind of a file that the patterns do not want, by its name: `.psd`, or nothing. Null for hidden files, and for what systems and desktops leave everywhere. */
export function kindOfOther(path: string): string | null {
  const name = posix.basename(path);
  if (name.startsWith('.') || passedOver.file.test(name)) return null;
  const extension = posix.extname(name).toLowerCase();
  return extension.length <= 12 ? extension : '';
}
