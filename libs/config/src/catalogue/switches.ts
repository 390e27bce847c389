import { group, setting } from '../setting';
import { flag } from '../types';

export const switches = group('What runs', 'A part that is switched off passes each photo on untouched and says so in its history.', {
  ENABLE_FOLDER_DOWNLOAD: setting(flag, 'true', 'Take photos and videos in from FOLDER_SOURCE_PATH.'),
  ENABLE_ICLOUD_DOWNLOAD: setting(flag, 'false', 'Take photos and videos in from iCloud. Needs ICLOUD_USERNAME.'),
  ENABLE_DEDUPLICATION: setting(flag, 'true', 'Find photos whose content is already in the library; off: everything counts as unique.'),
  ENABLE_SIMILARITY: setting(flag, 'true', 'Look for similar pictures while nothing else is to be done, and propose groups (`media-pipeline similar list`). Nothing is ever removed by it. A single run leaves it out: `media-pipeline similar find` does it.'),
  ENABLE_COMPRESSION: setting(flag, 'true', 'Make smaller renditions for upload; off: originals are uploaded.'),
  ENABLE_IMAGE_COMPRESSION: setting(flag, 'true', 'Compress images (with ENABLE_COMPRESSION).'),
  ENABLE_VIDEO_COMPRESSION: setting(flag, 'true', 'Compress videos (with ENABLE_COMPRESSION).'),
  ENABLE_FILE_PREPARATION: setting(flag, 'true', 'Stage files in batches for the destinations; off: nothing goes to iCloud or the Pixel.'),
  ENABLE_ICLOUD_UPLOAD: setting(flag, 'true', 'iCloud is a destination. Until ICLOUD_USERNAME is set, batches are staged and photos end without it.'),
  ENABLE_PIXEL_UPLOAD: setting(flag, 'true', 'The Pixel is a destination. Until SYNCTHING_API_KEY is set, batches are staged and photos end without it.'),
  ENABLE_VERIFICATION: setting(flag, 'true', 'Prove by hash that what lies in batches and archive is what was meant, before a photo counts as done.'),
  ENABLE_SORTING: setting(flag, 'true', 'Archive originals under sorted/YYYY/MM/DD; off: they stay in originals/.'),
  ENABLE_GOOGLE_PHOTOS_SYNC_CHECK: setting(flag, 'false', 'Ask for proof that the Pixel backed a photo up to Google Photos.'),
});
