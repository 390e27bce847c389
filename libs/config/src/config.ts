import type { DatabaseAddress, QualityTarget } from './types';

/** The areas of a library by their default places. */
export const areas = ['originals', 'compressed', 'bridge/icloud', 'bridge/pixel', 'uploaded/icloud', 'uploaded/pixel', 'sorted', 'cleanup', 'logs', '.media-pipeline'] as const;
export type Area = (typeof areas)[number];

/** What the program gets: parsed, checked, frozen to the bottom. Times in milliseconds, sizes in bytes, paths absolute. */
export interface Config {
  /** The settings file that was read. */
  readonly file: string | null;
  readonly enable: {
    readonly icloudDownload: boolean;
    readonly folderDownload: boolean;
    readonly icloudUpload: boolean;
    readonly pixelUpload: boolean;
    readonly compression: boolean;
    readonly imageCompression: boolean;
    readonly videoCompression: boolean;
    readonly deduplication: boolean;
    readonly similarity: boolean;
    readonly filePreparation: boolean;
    readonly sorting: boolean;
    readonly verification: boolean;
    readonly googlePhotosSyncCheck: boolean;
  };
  readonly library: {
    readonly root: string;
    readonly areas: Readonly<Record<Area, string>>;
    readonly user: string;
    readonly group: string;
    /** Octal, as written: `775`. */
    readonly permissions: string;
  };
  readonly folderSource: {
    readonly path: string | null;
    readonly patterns: readonly string[];
    readonly transfer: 'auto' | 'hardlink' | 'reflink' | 'copy';
    readonly stableMs: number;
    readonly scanIntervalMs: number;
  };
  readonly database: DatabaseAddress;
  readonly bus: {
    /** NATS servers, comma-separated. */
    readonly url: string;
    /** True when NATS_URL was given: then no broker is started. */
    readonly external: boolean;
  };
  readonly dedupe: {
    readonly directories: readonly string[];
    /** For lists of hashes of an older system; the library itself goes by SHA-256. */
    readonly algorithm: 'sha256' | 'sha512' | 'sha1' | 'md5' | 'blake3' | 'xxhash';
    readonly batchSize: number;
  };
  readonly compression: {
    /** Fixed quality of lossy images; null: what {@link qualityTarget} asks for. */
    readonly jpegQuality: number | null;
    /** As the user named it; {@link qualityScore} is what it stands for. */
    readonly qualityTarget: QualityTarget;
    /** The least MS-SSIM of luma, 0 to 1. */
    readonly qualityScore: number;
    /** What a lossy rendition has to save at least, as a share (0.1: a tenth). */
    readonly minSaving: number;
    /** Whether only the payload of a container is exchanged; else a new file is made, or none. */
    readonly graft: { readonly jpeg: boolean; readonly heic: boolean; readonly video: boolean };
    /** Kinds of pictures that are never coded with loss. */
    readonly keep: readonly ('screenshot' | 'spatial' | 'gain_map' | 'depth' | 'motion_photo' | 'burst' | 'edited')[];
    /** Bytes that jobs may take together by estimate; null: a share of what the machine has. */
    readonly memoryLimit: number | null;
    /** Fixed strength of videos; null: what {@link qualityTarget} asks for. */
    readonly videoCrf: number | null;
    readonly videoEncoder: 'x265' | 'x264' | 'svt-av1' | 'nvenc' | 'vaapi' | 'qsv';
    /** After so long without progress ffmpeg is killed. */
    readonly videoStallMs: number;
    readonly videoPreset: string;
    /** 0: photos are never compressed again. */
    readonly intervalYears: number;
    readonly initialResizePercentage: number;
    readonly subsequentResizePercentage: number;
    /** Shorter side in pixels; null keeps what is there. */
    readonly initialVideoResolution: number | null;
    readonly subsequentVideoResolution: number | null;
    readonly maxFiles: number | null;
    readonly maxMegapixels: number;
    /** Files at a time in one compressor. */
    readonly concurrency: number;
  };
  readonly bridge: {
    readonly maxBytes: number;
    readonly maxFiles: number;
    readonly maxWaitMs: number;
    readonly clearBefore: boolean;
    readonly resolveNameConflicts: boolean;
  };
  readonly archive: {
    readonly waitsFor: 'all' | 'icloud' | 'none';
    readonly variant: 'original' | 'compressed' | 'both';
    readonly useExif: boolean;
    readonly fallbackToCreationDate: boolean;
    /** How long cleanup/ keeps a file, in days. */
    readonly retentionDays: number;
  };
  readonly icloud: {
    readonly username: string | null;
    readonly password: string | null;
    readonly sessionFile: string;
    /** Encrypts the session file. */
    readonly secretsKey: string | null;
    readonly region: 'global' | 'china';
    /** Addresses that stand in for those of the region. */
    readonly authUrl: string | null;
    readonly setupUrl: string | null;
    readonly syncIntervalMs: number;
    readonly filter: {
      /** Capture time in ms since 1970: the first that counts, and the first that does not any more. */
      readonly since: number | null;
      readonly until: number | null;
      readonly recent: number | null;
      /** Empty: the whole library. */
      readonly albums: readonly string[];
      /** Empty: all. */
      readonly kinds: readonly ('photo' | 'live_photo' | 'video')[];
      readonly shared: boolean;
    };
    readonly downloadsAtOnce: number;
    readonly bytesPerSecond: number | null;
    readonly deleted: 'keep' | 'cleanup';
    readonly batchSize: number;
    readonly upload: {
      readonly route: 'browser' | 'http' | 'auto';
      readonly refusedTypes: 'other-route' | 'convert' | 'keep';
      readonly selector: string | null;
      readonly selectorsFile: string;
      readonly photosUrl: string;
      /** How long what was uploaded is waited for. */
      readonly appearMs: number;
      /** How long an upload may stand still. */
      readonly stallMs: number;
    };
  };
  readonly pixel: {
    readonly syncFolder: string;
    readonly syncTimeoutMs: number;
    readonly syncthingUrl: string;
    readonly syncthingApiKey: string | null;
    readonly folderId: string;
  };
  readonly google: { readonly clientId: string | null; readonly clientSecret: string | null };
  readonly telegram: {
    readonly botToken: string | null;
    readonly chatId: string | null;
    readonly pipelineNotifications: boolean;
    readonly stepSummaries: boolean;
    readonly errorNotifications: boolean;
    readonly debugMessages: boolean;
  };
  readonly supabase: { readonly url: string | null; readonly key: string | null; readonly databaseUrl: string | null };
  readonly browser: { readonly headless: boolean; readonly slowMoMs: number; readonly extraArguments: readonly string[]; readonly executable: string | null; /** Before another browser takes its place. */ readonly uploads: number };
  readonly execution: {
    readonly mode: 'continuous' | 'single' | 'scheduled';
    readonly intervalMs: number | null;
    readonly maxPerDay: number | null;
  };
  readonly limits: {
    readonly batchSize: number;
    readonly syncIntervalMs: number;
    readonly cacheTtlMs: number;
    readonly maxRetries: number;
    readonly retryDelayMs: number;
    readonly uploadRetryAttempts: number;
    readonly uploadRetryDelayMs: number;
  };
  readonly log: { readonly level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' };
  readonly service: {
    readonly healthPort: number | null;
    /** Overrides the lanes of every stage. */
    readonly lanes: number | null;
    /** Overrides how long every consumer waits for a sign of life. */
    readonly messageTimeoutMs: number | null;
    readonly drainMs: number;
  };
}
