import { createHash, hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { SyntheticContent, SyntheticFormat } from './synthetic';
import { readSynthetic } from './synthetic';
import { typeOfName, typeOfFormat } from './types';

/** What a test or the demo gives as the bytes of one resource. `type` is a UTI; without it the file's name decides. */
export type ContentInput =
  | { readonly file: string; readonly type?: string }
  | { readonly data: Uint8Array; readonly type: string }
  | { readonly synthetic: SyntheticFormat; readonly bytes?: number; readonly seed?: number; readonly type?: string };

type Source = { readonly kind: 'file'; readonly path: string } | { readonly kind: 'data'; readonly data: Buffer } | { readonly kind: 'synthetic'; readonly content: SyntheticContent };

/** The bytes of one resource: measured and hashed once, read from where they are each time. */
export interface Content {
  readonly bytes: number;
  /** Apple's fileChecksum. */
  readonly checksum: string;
  readonly type: string;
  readonly source: Source;
}

const salt = Buffer.from('com.apple.XattrObjectSalt\0com.apple.DataObjectSalt\0', 'latin1');
const written = (sha1: Buffer) => Buffer.concat([Buffer.of(1), sha1]).toString('base64');

/** Apple's fileChecksum: base64(0x01 ‖ SHA1(salt ‖ bytes)); reproduced on two recorded bodies and their fileChecksum. */
export function fileChecksum(...parts: readonly Uint8Array[]): string {
  return written(hash('sha1', Buffer.concat([salt, ...parts]), 'buffer'));
}

/** The same for bytes that come bit by bit. */
export function checksumInProgress(): { update(part: Uint8Array): void; done(): string } {
  const sha1 = createHash('sha1').update(salt);
  return { update: (part) => void sha1.update(part), done: () => written(sha1.digest()) };
}

/** Measures and hashes what was given. @throws whatever reading the file throws */
export async function takeIn(input: ContentInput, fallbackSeed: number): Promise<Content> {
  if ('file' in input) {
    const checksum = checksumInProgress();
    const { size } = await stat(input.file);
    for await (const chunk of createReadStream(input.file)) if (chunk instanceof Uint8Array) checksum.update(chunk);
    return { bytes: size, checksum: checksum.done(), type: input.type ?? typeOfName(input.file), source: { kind: 'file', path: input.file } };
  }
  if ('data' in input) {
    const data = Buffer.from(input.data);
    return { bytes: data.length, checksum: fileChecksum(data), type: input.type, source: { kind: 'data', data } };
  }
  return makeUp({ format: input.synthetic, seed: input.seed ?? fallbackSeed, bytes: input.bytes ?? 1500 }, input.type);
}

/** Made-up content, hashed without being kept. */
export function makeUp(content: SyntheticContent, type = typeOfFormat(content.format)): Content {
  return { bytes: content.bytes, checksum: checksumOf(content), type, source: { kind: 'synthetic', content } };
}

function checksumOf(content: SyntheticContent): string {
  // in one go when it is small: a library of a hundred thousand is made of such
  if (content.bytes <= 64 * 1024) return fileChecksum(...readSynthetic(content));
  const checksum = checksumInProgress();
  for (const block of readSynthetic(content)) checksum.update(block);
  return checksum.done();
}

/** Streams `[start, end)` of the content; files are read as they are sent and never held in memory. */
export function openContent({ source, bytes }: Content, start = 0, end = bytes): Readable {
  if (start >= end) return Readable.from([]);
  switch (source.kind) {
    case 'file':
      return createReadStream(source.path, { start, end: end - 1, highWaterMark: 256 * 1024 });
    case 'data':
      return Readable.from([source.data.subarray(start, end)]);
    case 'synthetic':
      return Readable.from(readSynthetic(source.content, start, end));
  }
}
