import { Injectable } from '@nestjs/common';
import { ImageEncoder, ImageProver, VideoEncoder, VideoProver, type EncodeJob, type EncodeResult } from './encoder.port';

/** Encodes, then proves, by the family of the medium. */
@Injectable()
export class Workshop {
  constructor(
    private readonly imageEncoder: ImageEncoder,
    private readonly imageProver: ImageProver,
    private readonly videoEncoder: VideoEncoder,
    private readonly videoProver: VideoProver,
  ) {}

  /** A result counts only when it is proven; else the original is kept, with the first difference as the reason. */
  async make(job: EncodeJob): Promise<EncodeResult> {
    const image = job.type.family === 'image';
    const result = await (image ? this.imageEncoder : this.videoEncoder).encode(job);
    if (result.outcome === 'kept') return result;
    const difference = await (image ? this.imageProver : this.videoProver).prove(job);
    return difference ? { outcome: 'kept', ...difference } : result;
  }
}
