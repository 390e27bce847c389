/** What the bytes of a file are; never derived from its name. `raw` stands for all camera RAW formats but DNG. */
export const mediaFormats = [
  'jpeg', 'png', 'gif', 'webp', 'tiff', 'bmp', 'heic', 'avif', 'jxl', 'dng', 'raw',
  'mov', 'mp4', '3gp', 'avi', 'mkv', 'webm', 'mpegts', 'mpeg', 'wmv',
] as const;
export type MediaFormat = (typeof mediaFormats)[number];

export interface MediaType {
  readonly format: MediaFormat;
  readonly family: 'image' | 'video';
  readonly mime: string;
  /** The usual file name extension of this content, without the dot: `jpg`, `heic`, `cr2`. */
  readonly extension: string;
}

export const imageType = (format: MediaFormat, mime: string, extension: string): MediaType => ({ format, family: 'image', mime, extension });
export const videoType = (format: MediaFormat, mime: string, extension: string): MediaType => ({ format, family: 'video', mime, extension });
