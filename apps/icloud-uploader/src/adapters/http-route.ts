import { Injectable } from '@nestjs/common';
import { Semaphore } from 'async-mutex';
import { PipelineError } from '@media-pipeline/contracts';
import type { UploadOutcome } from '@media-pipeline/icloud';
import { UploadRoute, type Outgoing, type RouteFailure, type RouteReport, type Upload } from '../upload-route.port';
import { Cloud } from './cloud';

const atOnce = 4;

/** Uploads by the calls that Apple's page makes itself. */
@Injectable()
export class HttpRoute extends UploadRoute {
  readonly name = 'http';
  readonly most = 1_000;

  constructor(private readonly cloud: Cloud) {
    super();
  }

  async upload({ files, signal, report, beforePut }: Upload): Promise<RouteReport> {
    const uploads = await this.cloud.uploads();
    const failures = new Map<string, RouteFailure>();
    let obstacle: RouteFailure | null = null;
    let begun = 0;
    const send = async (file: Outgoing): Promise<void> => {
      if (obstacle !== null) return;
      report(file.name, begun / files.length);
      begun += 1;
      const outcome = await uploads.upload(file, { signal, beforePut: async () => { await beforePut([file]); } }).catch(ofFile);
      if (outcome.kind !== 'refused' && outcome.kind !== 'retryable') return;
      const failure = { code: outcome.code, reason: outcome.reason };
      // It concerns all that follow; what arrived of this one is looked up like the rest.
      if (ofAll.has(outcome.code)) obstacle = failure;
      else failures.set(file.id, failure);
    };
    const lanes = new Semaphore(atOnce);
    const ended = await Promise.allSettled(files.map(async (file) => await lanes.runExclusive(async () => await send(file))));
    for (const end of ended) if (end.status === 'rejected') throw end.reason;
    return { failures, obstacle };
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }
}

/** What is wrong with one file is not in the way of the others. */
function ofFile(error: unknown): UploadOutcome {
  if (!(error instanceof PipelineError) || error.kind !== 'input') throw error;
  return { kind: 'refused', code: error.code, reason: error.message };
}

const ofAll: ReadonlySet<PipelineError['code']> = new Set(['ICLOUD_STORAGE_FULL', 'ICLOUD_UPLOAD_ABSENT', 'ICLOUD_RATE_LIMITED', 'ICLOUD_UNREACHABLE']);
