/** Debian packages beyond Node, per app; an app that is not named needs none. */
const packages = {
  compressor: ['ffmpeg', 'perl'], // perl runs ExifTool
  dedupe: ['ffmpeg', 'perl'], // frames of videos and previews of raw files, for similar pictures
  'icloud-uploader': ['chromium', 'ffmpeg', 'perl'], // Apple's page; what it does not take is converted
  cli: ['chromium', 'ffmpeg', 'perl', 'nats-server'], // `media-pipeline run` runs every stage and a broker in one process
};

/** @param {string} app @returns {string[]} */
export const systemPackages = (app) => packages[app] ?? [];
