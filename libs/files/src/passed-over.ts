import { temporaryName } from './temporary-name';

/** Folders in which storage boxes, desktops and programs that synchronise keep thumbnails, waste and their own state. */
const folders = [
  ...['@eaDir', '#recycle', '\\.@__thumb', '\\.Trash(?:es|-\\d+)?', '\\$RECYCLE\\.BIN', 'System Volume Information', '\\.Spotlight-V100', '\\.fseventsd', '\\.thumbnails'],
  ...['\\.stversions', '\\.stfolder', 'lost\\+found'],
];
/** What they leave beside people's files; `._*`: the AppleDouble halves of macOS. */
const files = ['Thumbs\\.db', 'desktop\\.ini', 'Icon\\r', '\\.DS_Store', '\\._.*'];

/** Names (no folders) of folders that are not entered, and of files that are nobody's: those above, and half-written ones of ours. A hidden photo is a photo. */
export const passedOver: { readonly folder: RegExp; readonly file: RegExp } = {
  folder: new RegExp(`^(?:${folders.join('|')})$`, 'i'),
  file: new RegExp(`^(?:${files.join('|')})$|${temporaryName.source}`, 'is'),
};
