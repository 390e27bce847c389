import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { exiftool } from 'exiftool-vendored';
import sharp from 'sharp';
import { clip } from './videos.mjs';
import { exif, withExif } from './exif.mjs';
import { heic } from './heic.mjs';
import { scene } from './scene.mjs';

const iphone = { make: 'Apple', model: 'iPhone 14 Pro' };
const nikon = { make: 'NIKON CORPORATION', model: 'NIKON D90' };
const pixel = { make: 'Google', model: 'Pixel 7' };
const lisbon = { latitude: 38.711389, longitude: -9.129722, altitude: 94 };
const sydney = { latitude: -33.856944, longitude: 151.215278, altitude: 6 };
const livePhoto = '7C6F5B1E-3A52-4B7E-9C57-2F0A4D8E1B96';

const turns = { 1: 0, 3: 180, 6: 90, 8: 270 };
const jpeg = async (wish, photo, quality = 92) => withExif(await (await scene({ ...wish, turn: turns[photo.orientation ?? 1] })).jpeg({ quality, chromaSubsampling: '4:2:0' }).toBuffer(), exif({ width: wish.width, height: wish.height, ...photo }));
const size = { width: 1280, height: 960 };
const heicSize = { width: 1000, height: 760 };

/** A photo with what photographers add: a title, keywords, a copyright notice (XMP and IPTC). */
async function captioned(file, content) {
  await writeFile(file, content);
  await exiftool.write(file, { 'XMP:Title': 'Hütte am See', 'IPTC:Keywords': ['lake', 'hut'], 'XMP:Subject': ['lake', 'hut'], 'IPTC:CopyrightNotice': 'Sample library' }, { writeArgs: ['-overwrite_original'] });
}

async function animation() {
  const frames = await Promise.all([1, 2, 3, 4, 5, 6].map(async (seed) => (await scene({ width: 240, height: 180, palette: 'winter', seed, grain: 0 })).raw().toBuffer()));
  return sharp(Buffer.concat(frames), { raw: { width: 240, height: 180 * frames.length, channels: 3, pageHeight: 180 } }).gif({ delay: frames.map(() => 120), loop: 0 }).toBuffer();
}

/**
 * Every file of the sample. Those without `content` are written into `folder` here, by the programs that make them.
 * @param {string} folder
 * @returns {Promise<{ name: string, content?: Buffer, modified: Date }[]>}
 */
export async function files(folder) {
  const lisbonPhoto = { ...iphone, date: '2023:05:01 19:42:07', offset: '+01:00', orientation: 6, gps: lisbon };
  const motion = path.join('2023 Lisbon', 'IMG_0102.MOV');
  const tall = path.join('2023 Lisbon', 'IMG_0103.MOV');
  const android = 'PXL_20240210_091500123.mp4';
  const hut = path.join('Camera', 'DSC_0042.JPG');
  await mkdir(path.join(folder, 'Camera'), { recursive: true });
  const moving = Promise.all([
    clip({ file: path.join(folder, motion), width: 640, height: 480, palette: 'evening', seed: 12, seconds: 2, codec: 'libx264', quality: 20, created: '2023:05:01 18:55:30',
      tags: { 'Keys:ContentIdentifier': livePhoto, 'Keys:CreationDate': '2023:05:01 19:55:30+01:00', 'Keys:GPSCoordinates': '38.7114 -9.1297 94', 'Keys:Make': 'Apple', 'Keys:Model': iphone.model } }),
    clip({ file: path.join(folder, tall), width: 960, height: 540, palette: 'noon', seed: 13, seconds: 3, codec: 'libx265', quality: 22, rotation: 90, created: '2023:05:02 11:10:00',
      tags: { 'Keys:CreationDate': '2023:05:02 12:10:00+01:00', 'Keys:GPSCoordinates': '38.7114 -9.1297 94', 'Keys:Make': 'Apple', 'Keys:Model': iphone.model } }),
    clip({ file: path.join(folder, android), width: 640, height: 360, palette: 'winter', seed: 14, seconds: 2, codec: 'libx264', quality: 18, created: '2024:02:10 09:15:00', tags: { 'UserData:GPSCoordinates': '-33.8569 151.2153 6' } }),
  ]);
  const portrait = await jpeg({ ...size, palette: 'evening', seed: 1 }, lisbonPhoto);
  const truncated = await jpeg({ ...size, palette: 'noon', seed: 9 }, { ...pixel, date: '2022:08:14 15:00:00', offset: '+02:00' });
  await captioned(path.join(folder, hut), await jpeg({ ...size, palette: 'noon', seed: 2 }, { ...nikon, date: '2012:07:21 11:03:44' }));
  const still = await heic(await scene({ ...heicSize, palette: 'morning', seed: 7, turn: 90 }), { ...heicSize, rotation: 3, tiff: exif({ ...heicSize, ...iphone, date: '2023:05:01 08:15:12', offset: '+01:00', orientation: 6, gps: lisbon }) });
  const live = await heic(await scene({ ...heicSize, palette: 'evening', seed: 8 }), { ...heicSize, tiff: exif({ ...heicSize, ...iphone, date: '2023:05:01 19:55:30', offset: '+01:00', gps: lisbon, contentIdentifier: livePhoto }) });
  const screenshot = await (await scene({ width: 590, height: 1278, palette: 'noon', seed: 5, grain: 0 })).png().toBuffer();
  const scan = await (await scene({ width: 500, height: 400, palette: 'winter', seed: 6, grain: 2 })).withExif({ IFD0: { Make: 'EPSON', Model: 'Perfection V39', DateTime: '1998:12:24 18:00:00' } }).tiff({ compression: 'deflate', predictor: 'horizontal' }).toBuffer();
  const made = [
    { name: path.join('2023 Lisbon', 'IMG_0100.JPG'), content: portrait, modified: '2023-05-01T18:42:07Z' },
    { name: path.join('2023 Lisbon', 'IMG_0101.HEIC'), content: still, modified: '2023-05-01T07:15:12Z' },
    { name: path.join('2023 Lisbon', 'IMG_0102.HEIC'), content: live, modified: '2023-05-01T18:55:30Z' },
    { name: motion, modified: '2023-05-01T18:55:30Z' },
    { name: tall, modified: '2023-05-02T11:10:03Z' },
    { name: path.join('2023 Lisbon', 'IMG_0100 copy.JPG'), content: portrait, modified: '2023-06-10T10:00:00Z' },
    { name: hut, modified: '2012-07-21T09:03:44Z' },
    { name: path.join('Camera', 'DSC_0043.JPG'), content: await jpeg({ ...size, palette: 'morning', seed: 3 }, { ...nikon, date: '2012:07:21 11:05:10', orientation: 3 }), modified: '2012-07-21T09:05:10Z' },
    { name: path.join('Old phone', 'DSC_0042.JPG'), content: await jpeg({ ...size, palette: 'winter', seed: 4 }, { ...pixel, date: '2024:01:03 14:20:31', offset: '+11:00', orientation: 8, gps: sydney }), modified: '2024-01-03T03:20:31Z' },
    { name: path.join('Old phone', 'broken.JPG'), content: truncated.subarray(0, Math.floor(truncated.length * 0.6)), modified: '2022-08-14T13:00:00Z' },
    { name: 'Sunrise 🌅.jpg', content: await jpeg({ width: 800, height: 600, palette: 'morning', seed: 10 }, { ...pixel, date: '2024:03:20 06:12:00', offset: '+01:00' }), modified: '2024-03-20T05:12:00Z' },
    { name: 'Screenshot 2024-05-17 at 09.12.33.png', content: screenshot, modified: '2024-05-17T07:12:33Z' },
    { name: android, modified: '2024-02-10T09:15:02Z' },
    { name: 'animation.gif', content: await animation(), modified: '2019-11-05T12:00:00Z' },
    { name: 'picture.webp', content: await (await scene({ width: 800, height: 600, palette: 'noon', seed: 11 })).webp({ quality: 90 }).toBuffer(), modified: '2021-02-28T12:00:00Z' },
    { name: 'scan.tif', content: scan, modified: '2020-01-01T12:00:00Z' },
  ];
  await moving;
  return made.map((file) => ({ ...file, modified: new Date(file.modified) }));
}
