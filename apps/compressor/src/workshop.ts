import { Injectable } from '@nestjs/common';
import { Settings } from '@media-pipeline/stage';
import { Semaphore } from 'async-mutex';
import { ImageEncoder, ImageProver, VideoEncoder, VideoProver, type EncodeJob, type EncodeResult } from './encoder.port';

/**
 * Encodes, then proves, by the family of the medium: as many at a time as the machine has cores for (COMPRESSION_CONCURRENCY). The stage takes in
 * more messages than that, so that a core does not wait while a file is hashed, synced and written down.
 */
@Injectable()
export class Workshop {
  private readonly benches: Semaphore;

  constructor(
    settings: Settings,
    private readonly imageEncoder: ImageEncoder,
    private readonly imageProver: ImageProver,
    private readonly videoEncoder: VideoEncoder,
    private readonly videoProver: VideoProver,
  ) {
    this.benches = new Semaphore(settings.compression.concurrency);
  }

  /** A result counts only when it is proven; else the original is kept, with the first difference as the reason. */
  make(job: EncodeJob): Promise<EncodeResult> {
    return this.benches.runExclusive(() => this.makeNow(job));
  }

  private async makeNow(job: EncodeJob): Promise<EncodeResult> {
    job.signal.throwIfAborted();
    const image = job.type.family === 'image';
    const result = await (image ? this.imageEncoder : this.videoEncoder).encode(job);
    if (result.outcome === 'kept') return result;
    const difference = await (image ? this.imageProver : this.videoProver).prove(job);
    return difference ? { outcome: 'kept', ...difference } : result;
  }
}
