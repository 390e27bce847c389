import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Injectable } from '@nestjs/common';
import { PipelineError, type QualitySearch } from '@media-pipeline/contracts';
import { adoptTemporary, makeDirectories, temporaryPath } from '@media-pipeline/files';
import type { MediaType } from '@media-pipeline/media';
import type { CompressionSettings, Findings } from './encoder.port';
import type { Keep } from './policy';
import { Workshop } from './workshop';

export interface Attendance {
  readonly signal: AbortSignal;
  report(label: string, fraction?: number): void;
}

export interface Rendered {
  readonly sha256: string;
  readonly bytes: number;
  /** Encoder, version and what it was told. */
  readonly made: Readonly<Record<string, unknown>>;
  readonly findings: Findings | null;
  readonly search: QualitySearch | undefined;
}

export interface Rendering {
  /** Absolute path of the original; only read. */
  readonly source: string;
  readonly type: MediaType;
  /** Absolute path; what lies there is replaced. */
  readonly target: string;
  readonly settings: CompressionSettings;
  /** What people know the file by. */
  readonly label: string;
}

/** Makes a proven rendition at its place, durably; nothing of a failed attempt stays on disk. */
@Injectable()
export class Renderer {
  constructor(private readonly workshop: Workshop) {}

  /** @throws CONTENT_CHANGED when the source was changed meanwhile; MEDIA_CORRUPT, MEDIA_TOO_LARGE, DISK_FULL … */
  async render({ source, type, target, settings, label }: Rendering, attendance: Attendance): Promise<Keep | Rendered> {
    const temporary = temporaryPath(target);
    await makeDirectories(path.dirname(target));
    const before = await stat(source);
    try {
      const onProgress = (fraction: number): void => attendance.report(label, fraction);
      const result = await this.workshop.make({ source, temporary, type, signal: attendance.signal, settings, onProgress });
      const after = await stat(source);
      if (after.size !== before.size || after.mtimeMs !== before.mtimeMs || after.ino !== before.ino) throw new PipelineError('CONTENT_CHANGED', `${label} was changed while it was compressed.`);
      if (result.outcome === 'kept') return result;
      const { sha256, bytes } = await adoptTemporary(temporary, target);
      return { sha256, bytes, made: result.settings, findings: result.findings, search: result.search };
    } finally {
      await rm(temporary, { force: true });
    }
  }
}
