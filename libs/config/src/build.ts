import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { SettingValues } from './catalogue';
import type { Config } from './config';
import { qualityTargets, type DatabaseAddress } from './types';

const dayMs = 86_400_000;
const photosUrls = { global: 'https://www.icloud.com/photos/', china: 'https://www.icloud.com.cn/photos/' } as const;
const defaultUploadTimeoutMs = 300_000;
const noneWhenZero = (value: number): number | null => (value === 0 ? null : value);

/** A home directory written as a shell would take it: settings files are not read by a shell. */
const withoutTilde = (name: string, home: string): string => (name === '~' || name.startsWith('~/') ? path.join(home, name.slice(1)) : name);

export interface Surroundings {
  readonly file: string | null;
  /** Relative paths count from here: the directory of the settings file, or the current one. */
  readonly directory: string;
  /** Where a relative NAS_MOUNT counts from. */
  readonly libraryDirectory: string;
  readonly sourceDirectory: string;
  readonly home: string;
}

function databaseOf(address: DatabaseAddress | null, root: string, state: string, home: string): DatabaseAddress {
  if (address === null) return { kind: 'sqlite', file: path.join(state, 'media-pipeline.sqlite') };
  return address.kind === 'postgres' ? address : { kind: 'sqlite', file: path.resolve(root, withoutTilde(address.file, home)) };
}

/** The typed object out of parsed values. Nothing is checked here; see relations.ts. */
export function buildConfig(values: SettingValues, { file, directory, libraryDirectory, sourceDirectory, home }: Surroundings): Config {
  const from = (base: string, name: string): string => path.resolve(base, withoutTilde(name, home));
  const root = from(libraryDirectory, values.NAS_MOUNT);
  const state = from(root, values.STATE_DIR);
  const bridgePixel = from(root, values.BRIDGE_PIXEL_DIR);
  return {
    file,
    enable: {
      icloudDownload: values.ENABLE_ICLOUD_DOWNLOAD,
      folderDownload: values.ENABLE_FOLDER_DOWNLOAD,
      icloudUpload: values.ENABLE_ICLOUD_UPLOAD,
      pixelUpload: values.ENABLE_PIXEL_UPLOAD,
      compression: values.ENABLE_COMPRESSION,
      imageCompression: values.ENABLE_IMAGE_COMPRESSION,
      videoCompression: values.ENABLE_VIDEO_COMPRESSION,
      deduplication: values.ENABLE_DEDUPLICATION,
      similarity: values.ENABLE_SIMILARITY,
      filePreparation: values.ENABLE_FILE_PREPARATION,
      sorting: values.ENABLE_SORTING,
      verification: values.ENABLE_VERIFICATION,
      googlePhotosSyncCheck: values.ENABLE_GOOGLE_PHOTOS_SYNC_CHECK,
    },
    library: {
      root,
      areas: {
        originals: from(root, values.ORIGINALS_DIR),
        compressed: from(root, values.COMPRESSED_DIR),
        'bridge/icloud': from(root, values.BRIDGE_ICLOUD_DIR),
        'bridge/pixel': bridgePixel,
        'uploaded/icloud': from(root, values.UPLOADED_ICLOUD_DIR),
        'uploaded/pixel': from(root, values.UPLOADED_PIXEL_DIR),
        sorted: from(root, values.SORTED_DIR),
        cleanup: from(root, values.CLEANUP_DIR),
        logs: from(root, values.LOGS_DIR),
        '.media-pipeline': state,
      },
      user: values.LXC_USER,
      group: values.LXC_GROUP,
      permissions: values.MOUNT_PERMISSIONS,
    },
    folderSource: {
      path: values.FOLDER_SOURCE_PATH === null ? null : from(sourceDirectory, values.FOLDER_SOURCE_PATH),
      patterns: values.FOLDER_SOURCE_PATTERNS,
      transfer: values.FOLDER_SOURCE_TRANSFER,
      stableMs: values.FOLDER_SOURCE_STABLE_SECONDS,
      scanIntervalMs: values.FOLDER_SOURCE_SCAN_SECONDS,
    },
    database: databaseOf(values.DATABASE_URL, root, state, home),
    bus: { url: values.NATS_URL ?? 'nats://127.0.0.1:4222', external: values.NATS_URL !== null },
    dedupe: {
      directories: values.DEDUPLICATION_DIRECTORIES.map((name) => from(directory, name)),
      algorithm: values.DEDUPLICATION_HASH_ALGORITHM,
      batchSize: values.DEDUPLICATION_BATCH_SIZE,
    },
    compression: {
      jpegQuality: values.JPEG_QUALITY,
      qualityTarget: values.QUALITY_TARGET,
      qualityScore: typeof values.QUALITY_TARGET === 'number' ? values.QUALITY_TARGET : qualityTargets[values.QUALITY_TARGET],
      minSaving: values.MIN_SAVING_PERCENT / 100,
      graft: { jpeg: values.PAYLOAD_GRAFT_JPEG, heic: values.PAYLOAD_GRAFT_HEIC, video: values.PAYLOAD_GRAFT_VIDEO },
      keep: values.COMPRESSION_KEEP,
      memoryLimit: values.MEMORY_LIMIT,
      videoCrf: values.VIDEO_CRF,
      videoEncoder: values.VIDEO_ENCODER,
      videoStallMs: values.VIDEO_STALL_SECONDS * 1000,
      videoPreset: values.VIDEO_PRESET,
      intervalYears: values.COMPRESSION_INTERVAL_YEARS,
      initialResizePercentage: values.INITIAL_RESIZE_PERCENTAGE,
      subsequentResizePercentage: values.SUBSEQUENT_RESIZE_PERCENTAGE,
      initialVideoResolution: values.INITIAL_VIDEO_RESOLUTION,
      subsequentVideoResolution: values.SUBSEQUENT_VIDEO_RESOLUTION,
      maxFiles: noneWhenZero(values.MAX_FILES_TO_PROCESS),
      maxMegapixels: values.MAX_MEGAPIXELS,
      concurrency: values.COMPRESSION_CONCURRENCY ?? availableParallelism(),
    },
    bridge: {
      maxBytes: values.MAX_PROCESSING_SIZE_GB,
      maxFiles: values.MAX_PROCESSING_FILES,
      maxWaitMs: values.BRIDGE_MAX_WAIT_SECONDS,
      clearBefore: values.CLEAR_BRIDGE_BEFORE_PROCESSING,
      resolveNameConflicts: values.ENABLE_FILENAME_CONFLICT_RESOLUTION,
    },
    archive: {
      waitsFor: values.ARCHIVE_WAITS_FOR,
      variant: values.ARCHIVE_VARIANT,
      useExif: values.SORTING_USE_EXIF,
      fallbackToCreationDate: values.SORTING_FALLBACK_TO_CREATION_DATE,
      retentionDays: values.CLEANUP_RETENTION_DAYS / dayMs,
    },
    icloud: {
      username: values.ICLOUD_USERNAME,
      password: values.ICLOUD_PASSWORD,
      sessionFile: from(state, values.ICLOUD_SESSION_FILE),
      secretsKey: values.SECRETS_KEY,
      region: values.ICLOUD_REGION,
      authUrl: values.ICLOUD_AUTH_URL,
      setupUrl: values.ICLOUD_SETUP_URL,
      syncIntervalMs: values.ICLOUD_SYNC_MINUTES,
      filter: {
        since: values.ICLOUD_SINCE,
        until: values.ICLOUD_UNTIL === null ? null : values.ICLOUD_UNTIL + dayMs,
        recent: noneWhenZero(values.ICLOUD_RECENT),
        albums: values.ICLOUD_ALBUMS,
        kinds: values.ICLOUD_MEDIA_TYPES,
        shared: values.ICLOUD_INCLUDE_SHARED,
      },
      downloadsAtOnce: values.ICLOUD_DOWNLOADS_AT_ONCE,
      bytesPerSecond: values.ICLOUD_DOWNLOAD_LIMIT,
      deleted: values.ICLOUD_DELETED,
      batchSize: values.ICLOUD_BATCH_SIZE,
      upload: {
        route: values.ICLOUD_UPLOAD_ROUTE,
        refusedTypes: values.ICLOUD_REFUSED_TYPES,
        selector: values.ICLOUD_UPLOAD_SELECTOR,
        selectorsFile: from(state, values.ICLOUD_SELECTORS_FILE),
        photosUrl: values.ICLOUD_PHOTOS_URL ?? photosUrls[values.ICLOUD_REGION],
        appearMs: values.ICLOUD_APPEAR_TIMEOUT,
        stallMs: values.ICLOUD_UPLOAD_TIMEOUT_MS ?? values.ICLOUD_UPLOAD_TIMEOUT ?? defaultUploadTimeoutMs,
      },
    },
    pixel: {
      syncFolder: values.PIXEL_SYNC_FOLDER === null ? bridgePixel : from(root, values.PIXEL_SYNC_FOLDER),
      syncTimeoutMs: values.PIXEL_SYNC_TIMEOUT,
      syncthingUrl: values.SYNCTHING_URL,
      syncthingApiKey: values.SYNCTHING_API_KEY,
      folderId: values.PIXEL_FOLDER_ID,
    },
    google: { clientId: values.GOOGLE_PHOTOS_CLIENT_ID, clientSecret: values.GOOGLE_PHOTOS_CLIENT_SECRET },
    telegram: {
      botToken: values.TELEGRAM_BOT_TOKEN,
      chatId: values.TELEGRAM_CHAT_ID,
      pipelineNotifications: values.TELEGRAM_PIPELINE_NOTIFICATIONS,
      stepSummaries: values.TELEGRAM_STEP_SUMMARIES,
      errorNotifications: values.TELEGRAM_ERROR_NOTIFICATIONS,
      debugMessages: values.TELEGRAM_DEBUG_MESSAGES,
    },
    supabase: { url: values.SUPABASE_URL, key: values.SUPABASE_KEY, databaseUrl: values.SUPABASE_DB_URL },
    browser: { headless: values.PUPPETEER_HEADLESS, slowMoMs: values.PUPPETEER_SLOWMO, extraArguments: values.PUPPETEER_EXTRA_ARGS, executable: values.CHROMIUM_PATH, uploads: values.CHROMIUM_UPLOADS },
    execution: {
      mode: values.PIPELINE_EXECUTION_MODE,
      intervalMs: values.PIPELINE_EXECUTION_INTERVAL_MINUTES,
      maxPerDay: noneWhenZero(values.PIPELINE_MAX_EXECUTIONS_PER_DAY),
    },
    limits: {
      batchSize: values.BATCH_SIZE,
      syncIntervalMs: values.SYNC_INTERVAL,
      cacheTtlMs: values.CACHE_TTL,
      maxRetries: values.MAX_RETRIES,
      retryDelayMs: values.RETRY_DELAY,
      uploadRetryAttempts: values.UPLOAD_RETRY_ATTEMPTS,
      uploadRetryDelayMs: values.UPLOAD_RETRY_DELAY,
    },
    log: { level: values.LOG_LEVEL },
    service: { healthPort: values.HEALTH_PORT, lanes: values.STAGE_CONCURRENCY, messageTimeoutMs: values.MESSAGE_TIMEOUT_SECONDS, drainMs: values.DRAIN_SECONDS },
  };
}
