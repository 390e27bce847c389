import path from 'node:path';
import type { SettingKey, SettingValues } from './catalogue';
import { areas } from './config';
import type { Area, Config } from './config';
import type { SettingProblem } from './problems';

export const areaKeys: Readonly<Record<Area, SettingKey>> = {
  originals: 'ORIGINALS_DIR',
  compressed: 'COMPRESSED_DIR',
  'bridge/icloud': 'BRIDGE_ICLOUD_DIR',
  'bridge/pixel': 'BRIDGE_PIXEL_DIR',
  'uploaded/icloud': 'UPLOADED_ICLOUD_DIR',
  'uploaded/pixel': 'UPLOADED_PIXEL_DIR',
  sorted: 'SORTED_DIR',
  cleanup: 'CLEANUP_DIR',
  logs: 'LOGS_DIR',
  '.media-pipeline': 'STATE_DIR',
};

const isWithin = (inner: string, outer: string): boolean => {
  const relative = path.relative(outer, inner);
  return relative === '' || (relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative));
};

function* overlappingAreas({ library }: Config): Generator<SettingProblem> {
  for (const [index, first] of areas.entries()) {
    for (const second of areas.slice(index + 1)) {
      const [a, b] = [library.areas[first], library.areas[second]];
      if (!isWithin(a, b) && !isWithin(b, a)) continue;
      yield { key: areaKeys[second], value: b, problem: `overlaps ${areaKeys[first]} (${a})`, accepts: 'a directory of its own' };
    }
  }
  for (const area of areas) {
    if (isWithin(library.root, library.areas[area])) {
      yield { key: areaKeys[area], value: library.areas[area], problem: 'is the library itself, or holds it', accepts: 'a directory of its own' };
    }
  }
}

/** A source that is read from where results are written would feed the pipeline its own output. */
function* sourceInsideLibrary({ folderSource, library }: Config): Generator<SettingProblem> {
  const source = folderSource.path;
  if (source === null) return;
  const area = areas.find((candidate) => isWithin(source, library.areas[candidate]) || isWithin(library.areas[candidate], source));
  if (area === undefined) return;
  const how = isWithin(source, library.areas[area]) ? 'lies in' : 'holds';
  yield { key: 'FOLDER_SOURCE_PATH', value: source, problem: `${how} the library's ${area} (${library.areas[area]})`, accepts: 'a folder apart from the areas of the library' };
}

const together: readonly (readonly [SettingKey, SettingKey])[] = [
  ['TELEGRAM_BOT_TOKEN', 'TELEGRAM_CHAT_ID'],
  ['SUPABASE_URL', 'SUPABASE_KEY'],
  ['GOOGLE_PHOTOS_CLIENT_ID', 'GOOGLE_PHOTOS_CLIENT_SECRET'],
];

function* missingPartners(values: SettingValues): Generator<SettingProblem> {
  for (const [one, other] of together) {
    if ((values[one] === null) === (values[other] === null)) continue;
    const [given, missing] = values[one] === null ? [other, one] : [one, other];
    yield { key: missing, value: undefined, problem: `is missing, and ${given} is given`, accepts: 'both, or neither' };
  }
  if (values.ICLOUD_PASSWORD !== null && values.ICLOUD_USERNAME === null) {
    yield { key: 'ICLOUD_USERNAME', value: undefined, problem: 'is missing, and ICLOUD_PASSWORD is given', accepts: 'an Apple ID' };
  }
}

/** What is wrong with the settings taken together. */
export function* relationProblems(values: SettingValues, config: Config): Generator<SettingProblem> {
  const { ICLOUD_UPLOAD_TIMEOUT: seconds, ICLOUD_UPLOAD_TIMEOUT_MS: milliseconds } = values;
  if (seconds !== null && milliseconds !== null && seconds !== milliseconds) {
    yield { key: 'ICLOUD_UPLOAD_TIMEOUT_MS', value: `${milliseconds}`, problem: `contradicts ICLOUD_UPLOAD_TIMEOUT (${seconds} ms)`, accepts: 'one of the two, or the same time in both' };
  }
  if (config.execution.mode === 'scheduled' && config.execution.intervalMs === null) {
    yield { key: 'PIPELINE_EXECUTION_INTERVAL_MINUTES', value: undefined, problem: 'is missing, and PIPELINE_EXECUTION_MODE is scheduled', accepts: 'the minutes between two runs' };
  }
  if (config.compression.videoEncoder === 'svt-av1' && (config.enable.icloudUpload || config.enable.pixelUpload)) {
    const uploads = [...(config.enable.icloudUpload ? ['ENABLE_ICLOUD_UPLOAD'] : []), ...(config.enable.pixelUpload ? ['ENABLE_PIXEL_UPLOAD'] : [])];
    yield { key: 'VIDEO_ENCODER', value: 'svt-av1', problem: `makes AV1, and ${uploads.join(' and ')} is on: photo services and older phones do not take it`, accepts: 'x265 (HEVC) or x264 (H.264) for what is uploaded' };
  }
  if (config.compression.videoEncoder !== 'svt-av1' && (config.compression.videoCrf ?? 0) > 51) {
    yield { key: 'VIDEO_CRF', value: `${config.compression.videoCrf}`, problem: `is more than ${config.compression.videoEncoder} knows`, accepts: 'at most 51; 63 for svt-av1' };
  }
  yield* missingPartners(values);
  yield* overlappingAreas(config);
  yield* sourceInsideLibrary(config);
}

/** What is allowed and yet probably not meant. */
export function* relationWarnings(config: Config): Generator<string> {
  if (config.enable.icloudDownload && config.icloud.username === null) yield 'ENABLE_ICLOUD_DOWNLOAD=true, but ICLOUD_USERNAME is not set: nothing will be taken in from iCloud';
  if (config.compression.intervalYears > 0 && config.compression.subsequentResizePercentage > config.compression.initialResizePercentage) yield 'SUBSEQUENT_RESIZE_PERCENTAGE is larger than INITIAL_RESIZE_PERCENTAGE: old photos keep their size, since nothing is made larger again';
  if (config.database.kind === 'postgres' && config.database.url === config.supabase.databaseUrl) yield 'DATABASE_URL and SUPABASE_DB_URL are the same database: the mirror would be its own source';
}
