import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { Injectable } from '@nestjs/common';
import { PipelineError, type QualitySearch } from '@media-pipeline/contracts';
import { Settings } from '@media-pipeline/stage';
import { Semaphore } from 'async-mutex';
import { ImageEncoder, ImageProver, kept, VideoEncoder, VideoProver, type EncodeJob, type EncodeResult, type Encoder, type Findings, type Prover } from './encoder.port';
import { openMemoryRoom, type MemoryRoom } from './memory-room';

/** What must be left on the volume when a job begins, beside what it needs itself; bytes. */
const diskReserve = 64 * 1024 * 1024;

/** A proven result with what was found, or the reason for keeping the original. */
export type Made =
  | { readonly outcome: 'encoded'; readonly settings: Readonly<Record<string, unknown>>; readonly search?: QualitySearch; readonly findings: Findings | null }
  | Extract<EncodeResult, { outcome: 'kept' }>;

/**
 * Encodes, then proves, by the family of the medium: as many at a time as the machine has cores for (COMPRESSION_CONCURRENCY) and as fit
 * into its memory by estimate (MEMORY_LIMIT). The stage takes in more messages than that, so that a core does not wait while a file is
 * hashed, synced and written down.
 */
@Injectable()
export class Workshop {
  private readonly benches: Semaphore;
  private room: Promise<MemoryRoom> | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly imageEncoder: ImageEncoder,
    private readonly imageProver: ImageProver,
    private readonly videoEncoder: VideoEncoder,
    private readonly videoProver: VideoProver,
  ) {
    this.benches = new Semaphore(settings.compression.concurrency);
  }

  /**
   * A result counts only when it is proven; else the original is kept, with the first difference as the reason.
   * Throws DISK_FULL, which is tried again later, before anything is written that would not find room.
   */
  make(job: EncodeJob): Promise<Made> {
    const image = job.type.family === 'image';
    const [encoder, prover] = image ? [this.imageEncoder, this.imageProver] : [this.videoEncoder, this.videoProver];
    return this.benches.runExclusive(() => this.inRoom(job, encoder, prover));
  }

  private async inRoom(job: EncodeJob, encoder: Encoder, prover: Prover): Promise<Made> {
    job.signal.throwIfAborted();
    const footprint = await encoder.footprint(job);
    if (!footprint) return this.makeNow(job, encoder, prover);
    const room = await (this.room ??= openMemoryRoom(this.settings.compression.memoryLimit));
    if (!room.fits(footprint.memory)) return kept('NEEDS_MEMORY', `it would take ${megabytes(footprint.memory)}, and jobs may take ${megabytes(room.capacity)} (MEMORY_LIMIT)`);
    return room.use(footprint.memory, job.signal, async () => {
      await assertSpace(path.dirname(job.temporary), footprint.disk);
      return this.makeNow(job, encoder, prover);
    });
  }

  private async makeNow(job: EncodeJob, encoder: Encoder, prover: Prover): Promise<Made> {
    const result = await encoder.encode(job);
    if (result.outcome === 'kept') return result;
    const difference = await prover.prove(job);
    return difference ? { outcome: 'kept', ...difference } : { ...result, findings: prover.findings(job) };
  }
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1_000_000)} MB`;

async function assertSpace(directory: string, needed: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  if (bavail * bsize < needed + diskReserve) throw new PipelineError('DISK_FULL', `compressing would take ${megabytes(needed)} in ${directory}; ${megabytes(bavail * bsize)} are free`);
}
