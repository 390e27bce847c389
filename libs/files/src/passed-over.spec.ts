import { basename } from 'node:path';
import { passedOver } from './passed-over';
import { temporaryPath } from './temporary-name';

it.each(['@eaDir', '@EADIR', '#recycle', '.Trash', '.Trash-1000', '.Trashes', '.stversions', 'lost+found', '$RECYCLE.BIN', '.@__thumb'])('passes the folder %j over', (name) => expect(passedOver.folder.test(name)).toBe(true));
it.each(['2021', '.hidden', 'Trash', '@eaDir 2', 'my lost+found'])('enters the folder %j', (name) => expect(passedOver.folder.test(name)).toBe(false));
it.each(['Thumbs.db', 'desktop.ini', 'Icon\r', '.DS_Store', '._IMG_1.JPG', '._new\nline.jpg', basename(temporaryPath('/x'))])('passes the file %j over', (name) => expect(passedOver.file.test(name)).toBe(true));
it.each(['IMG_1.JPG', '.hidden.jpg', '..jpg', '.mp-mine.jpg', '.mp-.part', 'a.DS_Store'])('sees the file %j', (name) => expect(passedOver.file.test(name)).toBe(false));
