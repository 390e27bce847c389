import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { traitsOf } from './traits';

const corpus = path.resolve(__dirname, '../../../../shared/corpus');
const picture = sharp({ create: { width: 64, height: 48, channels: 3, background: 'grey' } });
const withSegment = async (code: number, text: string): Promise<Buffer> => {
  const plain = await picture.clone().jpeg().toBuffer();
  const head = Buffer.from([0xff, code, 0, 0]);
  head.writeUInt16BE(text.length + 2, 2);
  return Buffer.concat([plain.subarray(0, 2), head, Buffer.from(text, 'latin1'), plain.subarray(2)]);
};

describe('traitsOf', () => {
  it.each([
    ['screenshot', 'Exif\0\0…ASCII\0\0\0Screenshot'],
    ['gain_map', 'http://ns.adobe.com/xap/1.0/\0<x xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/"/>'],
    ['motion_photo', 'http://ns.adobe.com/xap/1.0/\0<x GCamera:MotionPhoto="1"/>'],
    ['burst', 'http://ns.adobe.com/xap/1.0/\0<x GCamera:BurstID="7"/>'],
    ['burst', 'Exif\0\0Apple iOS\0\0\x01MM\0\x01\0\x0b\0\x02\0\0\0\x25\0\0\0\x80'],
    ['depth', 'http://ns.adobe.com/xap/1.0/\0<x xmlns:GDepth="http://ns.google.com/photos/1.0/depthmap/"/>'],
  ])('sees that a JPEG is a %s', async (trait, text) => {
    expect([...traitsOf(await withSegment(0xe1, text), 'jpeg')]).toEqual([trait]);
  });

  it('sees what lies behind the picture, and nothing in a plain one', async () => {
    const plain = await picture.clone().jpeg().toBuffer();
    expect(traitsOf(plain, 'jpeg').size).toBe(0);
    expect([...traitsOf(Buffer.concat([plain, Buffer.from('PhotoEditor_Re_Edit_Data….SEFT')]), 'jpeg')]).toEqual(['edited']);
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), fc.constantFrom('jpeg' as const, 'heic' as const, 'png' as const), (bytes, format) => void traitsOf(Buffer.from(bytes), format)), { numRuns: 1000 });
  });

  (existsSync(corpus) ? it : it.skip).each([
    ['gain-map.jpg', 'gain_map'],
    ['apple-gainmap.jpg', 'gain_map'],
    ['android-depth-map.jpg', 'depth'],
    ['live-image.heic', 'gain_map'],
  ] as const)('%s has a %s (skipped without the corpus)', async (name, trait) => {
    expect([...traitsOf(await readFile(path.join(corpus, name)), name.endsWith('heic') ? 'heic' : 'jpeg')]).toContain(trait);
  });
});
