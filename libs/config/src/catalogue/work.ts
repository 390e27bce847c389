import { group, optional, setting } from '../setting';
import { argumentList, choice, choices, duration, flag, gigabytes, integer, list, megabytes, path, qualityTarget, resolution } from '../types';

export const deduplication = group('Duplicates', 'Two files are duplicates when their bytes are the same.', {
  DEDUPLICATION_DIRECTORIES: setting(list, '', 'Further directories whose files count as already there, comma-separated. They are only read; they are listed at start and every hour, and a file is read only when a new one has its size. Empty: the library alone counts.', { example: '/mnt/nas/old-archive' }),
  DEDUPLICATION_HASH_ALGORITHM: setting(choice('sha256', 'sha512', 'sha1', 'md5', 'blake3', 'xxhash'), 'sha256', 'The hash of the lists that an older system left behind, for `media-pipeline duplicates sweep --hashes FILE`. What counts as the same photo in the library is decided by SHA-256 alone.'),
  DEDUPLICATION_BATCH_SIZE: setting(integer(1, 100_000), '500', 'Files of DEDUPLICATION_DIRECTORIES that are written to the database in one transaction.'),
});

export const compression = group(
  'Compression',
  'Only the picture is encoded again; dates, places and all other metadata stay. What would not get smaller, or would lose something, is passed on as it is. Again-compression always starts from the archived original.',
  {
    QUALITY_TARGET: setting(
      qualityTarget,
      'high',
      'How alike a picture has to stay; how strongly each one is compressed for that is found on samples of it. A number is the least MS-SSIM of luma (docs/COMPRESSION.md): visually-lossless is 0.998, high 0.9965, small 0.994. Videos: six times as far from 1, in ffmpeg’s SSIM of luma (0.988, 0.979, 0.964).',
    ),
    MIN_SAVING_PERCENT: setting(integer(0, 90), '10', 'What would save less, as predicted from samples or as measured, is passed on as it is. Lossless coding (PNG, TIFF) need save only 1 %.'),
    JPEG_QUALITY: optional(integer(1, 100), '85', 'A fixed quality for JPEG, WebP and (85 is x265 crf 30; five points are two of crf) HEIC. Left out: QUALITY_TARGET decides. When it is set, it wins.'),
    PAYLOAD_GRAFT_JPEG: setting(flag, 'on', 'Exchange only the picture data of a JPEG and leave every other byte. off: a new file whose metadata exiftool copies; where a single tag would differ, or further pictures would be lost, the original is kept.'),
    PAYLOAD_GRAFT_HEIC: setting(flag, 'on', 'Exchange only the tiles of a HEIC. off: HEIC is passed on as it is, for there is no other way without loss.'),
    PAYLOAD_GRAFT_VIDEO: setting(flag, 'on', 'Exchange only the video samples of a MOV or MP4 and leave its other tracks and all of its metadata. off: a new file, its metadata copied and compared.'),
    COMPRESSION_KEEP: setting(
      choices('screenshot', 'spatial', 'gain_map', 'depth', 'motion_photo', 'burst', 'edited'),
      'screenshot,spatial',
      'Kinds of pictures that are never coded with loss, comma-separated. Empty: none. See docs/COMPRESSION.md.',
    ),
    MEMORY_LIMIT: optional(megabytes('64MB', '64TB'), '2GiB', 'What the files that are being compressed may take together, by estimate; one that has no room waits. Left out: 60 % of the memory of the container or machine.'),
    VIDEO_CRF: optional(integer(0, 63), '26', 'A fixed constant rate factor for videos; lower is better and larger. Left out: QUALITY_TARGET decides. When it is set, it wins.'),
    VIDEO_ENCODER: setting(
      choice('x265', 'x264', 'svt-av1', 'nvenc', 'vaapi', 'qsv'),
      'x265',
      'x265, nvenc, vaapi and qsv make HEVC, x264 makes H.264. svt-av1 (AV1 in MP4) is for libraries that are uploaded nowhere. nvenc, vaapi and qsv are fast and make larger files; each is tried with a tiny encode first. Where one cannot be used, x265 is.',
    ),
    VIDEO_STALL_SECONDS: setting(integer(5, 86_400), '300', 'ffmpeg is killed when it has not got on for so long, tried once more, and then the file is passed on as it is.'),
    VIDEO_PRESET: setting(
      choice('ultrafast', 'superfast', 'veryfast', 'faster', 'fast', 'medium', 'slow', 'slower', 'veryslow'),
      'medium',
      'Encoder preset by the names of x265: slower makes smaller files. With `medium` and slower x265 uses some tools more (docs/COMPRESSION.md).',
    ),
    INITIAL_RESIZE_PERCENTAGE: setting(integer(1, 100), '100', 'Width and height of images in percent. 100: no pixel is lost.'),
    SUBSEQUENT_RESIZE_PERCENTAGE: setting(integer(1, 100), '100', 'The same, for photos older than COMPRESSION_INTERVAL_YEARS: percent of the original. More than INITIAL_RESIZE_PERCENTAGE counts as that.'),
    INITIAL_VIDEO_RESOLUTION: optional(resolution, '1080', 'The shorter side of a video is reduced to this. Left out: no change.'),
    SUBSEQUENT_VIDEO_RESOLUTION: optional(resolution, '720', 'The same, for videos older than COMPRESSION_INTERVAL_YEARS. Left out: as INITIAL_VIDEO_RESOLUTION.'),
    COMPRESSION_INTERVAL_YEARS: setting(integer(0, 100), '0', 'Photos and videos taken so many years ago are compressed again, once, from their archived originals with the SUBSEQUENT_ settings: while a service is idle, or by `media-pipeline compress again`. What was delivered stays as it is. 0: never.', { example: '2' }),
    MAX_FILES_TO_PROCESS: setting(integer(0, 10_000_000), '0', 'At most so many files are compressed in one run. 0: no limit.'),
    MAX_MEGAPIXELS: setting(integer(1, 10_000), '300', 'Larger pictures are set aside.'),
    COMPRESSION_CONCURRENCY: optional(integer(1, 256), '2', 'Files that one compressor works on at a time. Left out: one per core.'),
  },
);

export const bridge = group('Batches', 'Finished photos are staged in batches for the uploaders. A batch is sealed when it is full, when it is old, or when nothing more is on its way.', {
  MAX_PROCESSING_FILES: setting(integer(1, 100_000), '500', 'Files in one batch. A photo is never split; one larger than the limits gets a batch of its own.'),
  MAX_PROCESSING_SIZE_GB: setting(gigabytes('1MB', '100TB'), '5', 'Size of one batch.'),
  BRIDGE_MAX_WAIT_SECONDS: setting(duration('s', 1, 604_800), '300', 'A batch older than this is sealed even if it is not full.'),
  CLEAR_BRIDGE_BEFORE_PROCESSING: setting(flag, 'false', 'Move what the pipeline does not know from the batch folders to cleanup/ at start. Batches under way always stay.'),
  ENABLE_FILENAME_CONFLICT_RESOLUTION: setting(flag, 'true', 'Two files of one name in a batch: the second becomes "name (2)". Off: it is set aside with NAME_CONFLICT.'),
});

export const archive = group('Archive', 'sorted/YYYY/MM/DD by the day of capture in the photo’s own time zone.', {
  ARCHIVE_WAITS_FOR: setting(choice('none', 'icloud', 'all'), 'none', 'Which destinations must be proven before a photo is archived. none: it is archived at once, and the working copies are cleaned up when all are proven.'),
  ARCHIVE_VARIANT: setting(choice('original', 'compressed', 'both'), 'original', 'What the archive keeps. An original is removed from originals/ only when the archive has it bit for bit.'),
  SORTING_USE_EXIF: setting(flag, 'true', 'Take the capture date from the metadata of the file.'),
  SORTING_FALLBACK_TO_CREATION_DATE: setting(flag, 'true', 'Without a date in metadata or name, use that of the file; off: sorted/unknown.'),
  CLEANUP_RETENTION_DAYS: setting(duration('d', 0, 36_500), '30', 'How long files stay in cleanup/ before they are deleted.'),
});

export const running = group('Running', 'How often, how much at a time, and how patiently.', {
  PIPELINE_EXECUTION_MODE: setting(choice('continuous', 'single', 'scheduled'), 'continuous', 'continuous: keep watching. single: work through what is there, then end. scheduled: every PIPELINE_EXECUTION_INTERVAL_MINUTES.'),
  PIPELINE_EXECUTION_INTERVAL_MINUTES: optional(duration('m', 1, 525_600), '60', 'Time between two runs in the mode "scheduled".'),
  PIPELINE_MAX_EXECUTIONS_PER_DAY: setting(integer(0, 1_440), '0', 'At most so many scheduled runs a day. 0: no limit.'),
  BATCH_SIZE: setting(integer(1, 100_000), '100', 'Rows that one step reads from the database at a time.'),
  SYNC_INTERVAL: setting(duration('s', 1, 86_400), '300', 'Time between two pushes to the Supabase mirror, and between two looks at a destination.'),
  CACHE_TTL: setting(duration('s', 0, 86_400), '3600', 'How long answers of remote services are believed.'),
  MAX_RETRIES: setting(integer(0, 100), '3', 'Further attempts of a call to a remote service.'),
  RETRY_DELAY: setting(duration('ms', 0, 3_600_000), '5000', 'Wait before the first further attempt; it doubles each time.'),
  UPLOAD_RETRY_ATTEMPTS: setting(integer(0, 100), '3', 'Further attempts of `icloud upload`. The stages try again as long as it can help.'),
  UPLOAD_RETRY_DELAY: setting(duration('s', 0, 86_400), '30', 'Wait before each of them.'),
  STAGE_CONCURRENCY: optional(integer(1, 256), '4', 'Messages that each stage works on at a time, for all stages. Left out: each stage has its own number.'),
  MESSAGE_TIMEOUT_SECONDS: optional(duration('s', 1, 3_600), '30', 'A message whose stage has given no sign of life for so long goes to another process. The same in every process. Left out: 30, or 60 for batches.'),
  DRAIN_SECONDS: setting(duration('s', 0, 3_600), '25', 'On SIGTERM, work under way may take so long to end; then it is given back and done again later.'),
});

export const browser = group('Browser', 'Chromium, used where iCloud has no other way in.', {
  PUPPETEER_HEADLESS: setting(flag, 'true', 'Run the browser without a window.'),
  CHROMIUM_PATH: optional(path, '/usr/bin/chromium', 'The browser. Left out: the first of Chromium and Chrome that is installed.'),
  CHROMIUM_UPLOADS: setting(integer(1, 10_000), '20', 'After so many uploads the browser is closed and another one started: what its pages leak goes with it.'),
  PUPPETEER_SLOWMO: setting(duration('ms', 0, 10_000), '0', 'Wait between two actions of the browser.'),
  PUPPETEER_EXTRA_ARGS: setting(argumentList, '', 'Further arguments for Chromium.', { example: '--disable-dev-shm-usage --lang=en' }),
});
