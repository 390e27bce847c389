import { Injectable } from '@nestjs/common';
import { Library, writeDurably } from '@media-pipeline/files';
import type { Batch } from '@media-pipeline/schema';
import type { Finding } from './shelf-inspector';

export interface ReportLine {
  readonly assetId: string;
  readonly name: string;
  readonly verdict: 'proven' | 'failed' | 'waiting';
  readonly reason: string | null;
  readonly checked: readonly Finding[];
}

/** Writes what was read and found: `logs/verification/<destination>-<batch>.json`, replaced when a batch is verified again. */
@Injectable()
export class ReportWriter {
  constructor(private readonly library: Library) {}

  async write(batch: Batch, lines: readonly ReportLine[]): Promise<void> {
    const count = (verdict: ReportLine['verdict']): number => lines.filter((line) => line.verdict === verdict).length;
    const report = {
      batch: batch.path,
      destination: batch.destination,
      at: new Date().toISOString(),
      proven: count('proven'),
      failed: count('failed'),
      waiting: count('waiting'),
      assets: lines,
    };
    const name = `${batch.destination}-${batch.path.slice(batch.path.lastIndexOf('/') + 1)}.json`;
    await writeDurably(this.library.absolute(this.library.path('logs', 'verification', name)), `${JSON.stringify(report, null, 2)}\n`);
  }
}
