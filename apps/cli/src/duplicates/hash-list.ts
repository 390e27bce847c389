import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { PipelineError } from '@media-pipeline/contracts';
import type { Config } from '@media-pipeline/config';
import { fileError } from '@media-pipeline/files';

export type HashAlgorithm = Config['dedupe']['algorithm'];

/** Hex digits of each, to tell a wrong list before a byte is read. */
const digits: Readonly<Record<HashAlgorithm, number | null>> = { sha256: 64, sha512: 128, sha1: 40, md5: 32, blake3: null, xxhash: null };

/**
 * The hashes of a list as `md5sum`, `sha1sum` and their like print it: hash, blank, name. Other lines are passed over.
 * @throws SETTINGS_INVALID for an algorithm that nothing here computes; FILE_MISSING; USAGE when no line is a hash of that length
 */
export async function readHashList(file: string, algorithm: HashAlgorithm): Promise<Map<string, string>> {
  const length = digits[algorithm];
  if (length === null) throw new PipelineError('SETTINGS_INVALID', `DEDUPLICATION_HASH_ALGORITHM=${algorithm}: Node does not compute it. Lists of sha256, sha512, sha1 and md5 can be compared.`);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw fileError(error, file, 'source');
  });
  const found = new Map<string, string>();
  const line = new RegExp(`^\\\\?([0-9a-f]{${length}})(?:[ \\t]+[ *]?(.*))?$`, 'gim');
  for (const [, hash = '', name = ''] of text.matchAll(line)) found.set(hash.toLowerCase(), name.trim());
  if (found.size === 0) throw new PipelineError('USAGE', `${file} has no line with a ${algorithm} hash (${length} hex digits): see DEDUPLICATION_HASH_ALGORITHM.`);
  return found;
}

/** @throws FILE_MISSING, FILE_UNREADABLE, IO_ERROR */
export async function hashWith(algorithm: HashAlgorithm, file: string): Promise<string> {
  const digest = createHash(algorithm);
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) digest.update(chunk as Buffer);
  } catch (error) {
    throw fileError(error, file, 'source');
  }
  return digest.digest('hex');
}
