import { basename } from 'node:path';
import { temporaryPath } from '@media-pipeline/files';
import { kindOfOther, wanted } from './patterns';

it.each([
  ['*.jpg', 'a/b/IMG.JPG', true],
  ['*.jpg', 'a/.hidden.jpg', true],
  ['*.jpg', '..jpg', true],
  ['*.jpg', 'new\nline.jpg', true],
  ['*.jpg', '-rf.jpg', true],
  ['*.jpg', 'a.jpeg', false],
  ['*.JPG', 'a.jpg', true],
  ['*.jpg', '._a.jpg', false],
  ['*.jpg', basename(temporaryPath('/x')), false],
  ['*', basename(temporaryPath('/x')), false],
  ['IMG_????.{heic,mov}', 'x/img_0001.HEIC', true],
  ['2021/**/*.png', '2021/05/a.png', true],
  ['2021/**/*.png', '2022/05/a.png', false],
  ['*', 'anything', true],
])('%j on %j: %j', (pattern, path, expected) => expect(wanted([pattern])(path)).toBe(expected));

it.each([
  ['a/Scan.PSD', '.psd'],
  ['README', ''],
  ['talk.a-very-long-ending', ''],
  ['a/.DS_Store', null],
  ['Thumbs.db', null],
  [basename(temporaryPath('/x')), null],
])('names the kind of %j, which no pattern wants: %j', (path, kind) => expect(kindOfOther(path)).toBe(kind));
