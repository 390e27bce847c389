import { readFile } from 'node:fs/promises';
import { PipelineError } from '@media-pipeline/contracts';
import { Refusal } from '@media-pipeline/media';
import { ImageProver, type EncodeJob, type Findings } from '../../encoder.port';
import type { KeepCode } from '../../keep-code';
import type { ImageCodecs } from './codecs';
import { findingsOf, measuredBefore, readSource, rememberFindings } from './image-job';

/** Reads the result from disk and lets the format's codec compare it with the source. A result that cannot be read is a difference like any other. */
export class CodecImageProver extends ImageProver {
  constructor(private readonly codecs: ImageCodecs) {
    super();
  }

  override async prove(job: EncodeJob): Promise<{ readonly code: KeepCode; readonly reason: string } | null> {
    const codec = this.codecs.get(job.type.format);
    if (!codec) return { code: 'PROOF_FAILED', reason: `nothing can prove a ${job.type.format}` };
    const [source, result] = await Promise.all([readSource(job), readFile(job.temporary)]);
    if (result.length >= source.bytes.length) return { code: 'NOT_SMALLER', reason: `the result has ${result.length} bytes, the original has ${source.bytes.length}` };
    try {
      const verdict = await codec.prove(source, result, measuredBefore(job, result));
      if (verdict.outcome === 'differs') return verdict.difference;
      rememberFindings(job, verdict.findings);
      return null;
    } catch (error) {
      if (error instanceof Refusal || (error instanceof PipelineError && error.code === 'MEDIA_CORRUPT')) return { code: 'PROOF_FAILED', reason: error.message };
      // libvips speaks in plain errors about a result that it cannot decode
      if (error instanceof Error && /^(Vips|Input |pngload|webpload|tiffload)/.test(error.message)) return { code: 'PROOF_FAILED', reason: error.message.trim() };
      throw error;
    }
  }

  override findings(job: EncodeJob): Findings | null {
    return findingsOf(job);
  }
}
