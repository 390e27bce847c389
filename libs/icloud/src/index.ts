export * from './service';
export { compareChecksums, contentHash, ContentHash } from './download/content-hash';
export * from './download/downloader';
export type { ChangesPage } from './photos/changes';
export * from './photos/filters';
export * from './photos/library';
export type { ListedPage, ListOptions } from './photos/listing';
export type { Wanted } from './photos/lookup';
export * from './photos/types';
