import { createHash } from 'node:crypto';
import type { EmbeddedPart } from '@media-pipeline/contracts';

export const embeddedPart = (name: string, bytes: Buffer): EmbeddedPart => ({ name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
