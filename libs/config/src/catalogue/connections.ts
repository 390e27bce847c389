import { group, optional, setting } from '../setting';
import { choice, choices, database, day, duration, flag, integer, list, megabytes, natsServers, path, text, url } from '../types';

export const databases = group('Database', 'Holds what is true: every photo, where it is and what happened to it.', {
  DATABASE_URL: optional(
    database,
    'postgres://pipeline:secret@db.example.net:5432/media',
    'Left out: an SQLite file in STATE_DIR, right for one machine. PostgreSQL when stages run on several. SUPABASE_DB_URL is not used in its place: the mirror is never the truth.',
    'url',
  ),
});

export const messages = group('Messages', 'NATS with JetStream carries what happened from stage to stage.', {
  NATS_URL: optional(natsServers, 'nats://127.0.0.1:4222', 'Left out: `media-pipeline run` and `up` start a nats-server of their own; a stage that runs alone looks at nats://127.0.0.1:4222.', 'url'),
});

export const icloud = group('iCloud', 'The account to download from and upload to.', {
  ICLOUD_USERNAME: optional(text, 'anna@example.com', 'Apple ID.'),
  ICLOUD_PASSWORD: optional(text, 'the password itself', 'Its password; an app-specific one does not work. Better kept in SECRETS_DIR or in the environment than in this file. Left out: `icloud login` asks for it.', 'whole'),
  ICLOUD_SESSION_FILE: setting(path, 'icloud-session.json', 'Where the trusted session is kept, so that the code is asked for rarely. Relative paths count from STATE_DIR.'),
  ICLOUD_REGION: setting(choice('global', 'china'), 'global', 'china for accounts whose iCloud is run by GCBD (icloud.com.cn).'),
  ICLOUD_AUTH_URL: optional(url('http', 'https'), 'https://idmsa.apple.com/appleauth/auth', 'Another address of Apple’s sign-in service, should it move. Left out: that of ICLOUD_REGION.'),
  ICLOUD_SETUP_URL: optional(url('http', 'https'), 'https://setup.icloud.com/setup/ws/1', 'Another address of iCloud’s set-up service, likewise.'),
  ICLOUD_SYNC_MINUTES: setting(duration('m', 1, 525_600), '60', 'How often iCloud is asked what is new.'),
  ICLOUD_SINCE: optional(day, '2020-01-01', 'Only what was taken on this day or later (in UTC).'),
  ICLOUD_UNTIL: optional(day, '2023-12-31', 'Only what was taken on this day or earlier (in UTC).'),
  ICLOUD_RECENT: setting(integer(0, 10_000_000), '0', 'Only the newest so many photos and videos. 0: all.'),
  ICLOUD_ALBUMS: setting(list, '', 'Only these albums, comma-separated. Empty: the whole library.', { example: 'Lisbon,Grandma' }),
  ICLOUD_MEDIA_TYPES: setting(choices('photo', 'live_photo', 'video'), '', 'Only these kinds. Empty: all.', { example: 'photo,live_photo' }),
  ICLOUD_INCLUDE_SHARED: setting(flag, 'true', 'Take in the Shared Library too.'),
  ICLOUD_DOWNLOADS_AT_ONCE: setting(integer(1, 64), '6', 'Files that are downloaded at a time.'),
  ICLOUD_DOWNLOAD_LIMIT: optional(megabytes('1KB', '100GB'), '5MB', 'At most so much a second, over all downloads. Left out: no limit.'),
  ICLOUD_DELETED: setting(choice('keep', 'cleanup'), 'keep', 'What happens here when a photo was deleted in iCloud. keep: it is recorded and shown, the files stay. cleanup: the files that are here move to cleanup/ as well.'),
  ICLOUD_UPLOAD_ROUTE: setting(choice('browser', 'http', 'auto'), 'browser', 'How photos get into iCloud. browser: on Apple’s Photos page in Chromium, as a person does. http: by the calls that page makes. auto: http, and what it refuses in the browser.'),
  ICLOUD_REFUSED_TYPES: setting(choice('other-route', 'convert', 'keep'), 'other-route', 'What happens with a file of a kind that the route does not take. other-route: it is sent by the other one, byte for byte. convert: HEIC is sent as JPEG, MP4 as MOV (a copy of its tracks); what lies in the archive stays as it is. keep: it waits in the bridge for somebody to upload it.'),
  ICLOUD_APPEAR_TIMEOUT: setting(duration('s', 1, 3_600), '120', 'How long an uploaded photo is waited for until iCloud shows it (14 to 20 seconds as a rule). Only then is it looked upon as not uploaded, and sent again: too short a time can make two of one photo.'),
  ICLOUD_UPLOAD_SELECTOR: optional(text, 'input[type="file"]', 'Selector of the upload control or of its file field, tried before all others, should Apple change its page.'),
  ICLOUD_SELECTORS_FILE: setting(path, 'icloud-selectors.json', 'Selectors and messages of Apple’s page that this version does not know (docs/ICLOUD.md), tried before its own. Relative paths count from STATE_DIR; it need not be there.'),
  ICLOUD_PHOTOS_URL: optional(url('http', 'https'), 'https://www.icloud.com/photos/', 'Another address of the Photos page. Left out: that of ICLOUD_REGION.'),
  ICLOUD_UPLOAD_TIMEOUT: optional(duration('s', 1, 86_400), '300', 'How long an upload may stand still before it is given up and what arrived is looked up. Without it and ICLOUD_UPLOAD_TIMEOUT_MS: 300 seconds.'),
  ICLOUD_UPLOAD_TIMEOUT_MS: optional(duration('ms', 1_000, 86_400_000), '300000', 'The same in milliseconds; give one of the two.'),
  ICLOUD_BATCH_SIZE: setting(integer(1, 10_000), '50', 'Photos asked for, or uploaded, at a time.'),
});

export const pixel = group('Pixel', 'The phone gets originals through a Syncthing folder.', {
  PIXEL_SYNC_FOLDER: optional(path, '/mnt/nas/photos/bridge/pixel', 'The folder that Syncthing shares. Left out: BRIDGE_PIXEL_DIR.'),
  PIXEL_SYNC_TIMEOUT: setting(duration('s', 1, 2_592_000), '3600', 'A batch that the phone has not fetched for so long is reported. It is never given up: the phone may be away for a month.'),
  SYNCTHING_URL: setting(url('http', 'https'), 'http://127.0.0.1:8384', 'Address of the Syncthing REST interface.', { secrecy: 'url' }),
  SYNCTHING_API_KEY: optional(text, 'abcd1234', 'API key of Syncthing (Actions, Settings, General).', 'whole'),
  PIXEL_FOLDER_ID: setting(text, 'pixel', 'Id of the shared folder in Syncthing.'),
});

export const google = group('Google Photos', 'For uploads and checks of the pipeline’s own Google client.', {
  GOOGLE_PHOTOS_CLIENT_ID: optional(text, '1234.apps.googleusercontent.com', 'OAuth client id.'),
  GOOGLE_PHOTOS_CLIENT_SECRET: optional(text, 'client-secret', 'OAuth client secret.', 'whole'),
});

export const supabase = group('Supabase mirror', 'A copy of the database to look at from elsewhere. The pipeline works without it, and for as long as it cannot be reached.', {
  SUPABASE_URL: optional(url('http', 'https'), 'https://project.supabase.co', 'Address of the project.', 'url'),
  SUPABASE_KEY: optional(text, 'service-role-key', 'Service role key.', 'whole'),
  SUPABASE_DB_URL: optional(url('postgres', 'postgresql'), 'postgres://postgres:secret@db.project.supabase.co:5432/postgres', 'Its database, for migrations of the mirror. Not a replacement for DATABASE_URL.', 'url'),
});

export const telegram = group('Telegram', 'Notices, and codes for two-factor sign-in.', {
  TELEGRAM_BOT_TOKEN: optional(text, '1234:token', 'Token of the bot, from @BotFather.', 'whole'),
  TELEGRAM_CHAT_ID: optional(text, '123456789', 'The chat to write to; messages from others are ignored.'),
  TELEGRAM_PIPELINE_NOTIFICATIONS: setting(flag, 'true', 'Say when the pipeline starts, ends, pauses.'),
  TELEGRAM_STEP_SUMMARIES: setting(flag, 'true', 'Say what each stage did.'),
  TELEGRAM_ERROR_NOTIFICATIONS: setting(flag, 'true', 'Say what failed.'),
  TELEGRAM_DEBUG_MESSAGES: setting(flag, 'false', 'Say more than anybody wants to read.'),
});

export const operation = group('Operation', 'Logs, health, secrets.', {
  LOG_LEVEL: setting(choice('fatal', 'error', 'warn', 'info', 'debug', 'trace'), 'info', 'How much is logged.'),
  HEALTH_PORT: optional(integer(0, 65_535), '8080', 'Each stage answers GET /healthz and GET /metrics on this port. 0: any free port, which it logs. Left out: no port is opened.'),
  SECRETS_KEY: optional(text, 'a long sentence that nobody guesses', 'Encrypts the iCloud session file. Left out: the file is readable by its owner alone (mode 0600). Best kept in SECRETS_DIR.', 'whole'),
  SECRETS_DIR: optional(path, '/run/secrets', 'A directory whose files are named like settings and hold their values (Docker and Kubernetes secrets, systemd credentials). They win over the settings file.'),
});
