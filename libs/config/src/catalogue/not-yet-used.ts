import type { SettingKey } from './index';

/**
 * Keys that are known, checked and kept – they stand in people's files – but that nothing in this version acts on. The documents
 * say so, and a line leaves this list in the commit that makes use of its key.
 */
export const notYetUsed: ReadonlySet<SettingKey> = new Set<SettingKey>([
  'ENABLE_GOOGLE_PHOTOS_SYNC_CHECK',
  'CLEANUP_RETENTION_DAYS',
  'BATCH_SIZE', 'SYNC_INTERVAL', 'CACHE_TTL', 'MAX_RETRIES', 'RETRY_DELAY',
  'PIXEL_SYNC_FOLDER', 'PIXEL_SYNC_TIMEOUT', 'SYNCTHING_URL', 'PIXEL_FOLDER_ID',
  'GOOGLE_PHOTOS_CLIENT_ID', 'GOOGLE_PHOTOS_CLIENT_SECRET',
  'SUPABASE_URL', 'SUPABASE_KEY', 'SUPABASE_DB_URL',
  'TELEGRAM_BOT_TOKEN', 'TELEGRAM_CHAT_ID', 'TELEGRAM_DEBUG_MESSAGES', 'TELEGRAM_STEP_SUMMARIES', 'TELEGRAM_PIPELINE_NOTIFICATIONS', 'TELEGRAM_ERROR_NOTIFICATIONS',
]);
