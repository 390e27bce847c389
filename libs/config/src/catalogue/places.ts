import { group, optional, setting } from '../setting';
import { choice, duration, list, path, text, octal } from '../types';

const areaNote = 'Relative paths count from NAS_MOUNT.';
/** Without regard to case. Kept in one line of text, as it would stand in the file. */
const patterns = [
  'jpg jpeg jpe jfif png heic heif hif avif gif tif tiff webp bmp jxl',
  'mpo dng 3fr arw cr2 cr3 crw dcr erf iiq kdc mef mrw nef nrw orf pef raf rw2 rwl sr2 srw x3f',
  'mov mp4 m4v avi mkv webm mts m2ts 3gp 3g2 mpg mpeg wmv',
]
  .flatMap((family) => family.split(' '))
  .map((extension) => `*.${extension}`)
  .join(',');

export const library = group('The library', 'One directory tree holds everything. Each area can be put elsewhere, on the same volume where possible: then staging and archiving cost no space.', {
  NAS_MOUNT: setting(path, './library', 'The library: the directory that holds all areas below. A relative path counts from the directory of the settings file, else from the current one.', { example: '/mnt/nas/photos' }),
  ORIGINALS_DIR: setting(path, 'originals', `Originals as they arrived, never changed. ${areaNote}`),
  COMPRESSED_DIR: setting(path, 'compressed', `Renditions made for upload. ${areaNote}`),
  BRIDGE_ICLOUD_DIR: setting(path, 'bridge/icloud', `Batches waiting for iCloud. ${areaNote}`),
  BRIDGE_PIXEL_DIR: setting(path, 'bridge/pixel', `Batches waiting for the Pixel. ${areaNote}`),
  UPLOADED_ICLOUD_DIR: setting(path, 'uploaded/icloud', `Batches that iCloud has. ${areaNote}`),
  UPLOADED_PIXEL_DIR: setting(path, 'uploaded/pixel', `Batches that the Pixel has. ${areaNote}`),
  SORTED_DIR: setting(path, 'sorted', `The archive: YYYY/MM/DD by capture date. ${areaNote}`),
  CLEANUP_DIR: setting(path, 'cleanup', `What is no longer needed, kept for CLEANUP_RETENTION_DAYS. ${areaNote}`),
  LOGS_DIR: setting(path, 'logs', `Log files. ${areaNote}`),
  STATE_DIR: setting(path, '.media-pipeline', `The pipeline's own state: SQLite file, message store, lock. Put it on a local disk when NAS_MOUNT is NFS or SMB. ${areaNote}`, { example: '/var/lib/media-pipeline' }),
  LXC_USER: setting(text, 'media-pipeline', 'Owner of the library where the installer or a container sets one.'),
  LXC_GROUP: setting(text, 'media-pipeline', 'Group of the library, likewise.'),
  MOUNT_PERMISSIONS: setting(octal, '775', 'Mode of the library directories, likewise.'),
});

export const folderSource = group('The folder source', 'A folder whose photos and videos are taken in. It is only read, never changed.', {
  FOLDER_SOURCE_PATH: optional(path, '/home/anna/Pictures', 'The folder to take in, with all folders below it. It must lie outside the areas of the library.'),
  FOLDER_SOURCE_PATTERNS: setting(list, patterns, 'Which file names are taken in, without regard to case: * and ? within a name, ** over folders. A pattern without a slash applies to the name in any folder.', { example: '*.{jpg,heic,mov}' }),
  FOLDER_SOURCE_TRANSFER: setting(choice('auto', 'reflink', 'copy', 'hardlink'), 'auto', 'How bytes come into the library. auto: copy-on-write clone where the file system can, else copy. hardlink costs no space, but whoever edits the source file in place edits the original too.'),
  FOLDER_SOURCE_STABLE_SECONDS: setting(duration('s', 0, 3_600), '2', 'A file younger than this counts as still being written: it is taken in once size and time have not changed for so long.'),
  FOLDER_SOURCE_SCAN_SECONDS: setting(duration('s', 1, 86_400), '60', 'How often the folder is read again while watching, beside the notices of the operating system (network mounts give none).'),
});
