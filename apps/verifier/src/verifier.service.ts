import { Injectable } from '@nestjs/common';
import { Bus, type MessageContext } from '@media-pipeline/bus';
import { done, emit, PipelineError, skip, type AssetMessage, type BatchMessage, type Outcome } from '@media-pipeline/contracts';
import { Database, type AssetWithFiles, type Batch } from '@media-pipeline/schema';
import { namedAsset, Settings } from '@media-pipeline/stage';
import { ReportWriter, type ReportLine } from './adapters/report-writer';
import { ShelfInspector } from './adapters/shelf-inspector';
import { allSettled, claimsOf } from './claims';

/** Assets that are read at a time. */
const AT_ONCE = 16;

/** Proves, by reading the bytes again, what the database claims; only then may an asset be archived for good and its intake copy go. */
@Injectable()
export class VerifierService {
  constructor(
    private readonly settings: Settings,
    private readonly database: Database,
    private readonly bus: Bus,
    private readonly shelves: ShelfInspector,
    private readonly reports: ReportWriter,
  ) {}

  async verifyBatch({ batchId }: BatchMessage, context: Pick<MessageContext, 'report'>): Promise<Outcome> {
    const batch = await this.database.batches.find(batchId);
    if (!batch) throw new PipelineError('UNKNOWN_ASSET', `No batch is known by ${batchId}.`);
    const deliveries = await this.database.batches.deliveries(batchId);
    const ids = [...new Set(deliveries.map(({ assetId }) => assetId))];
    const lines: ReportLine[] = [];
    for (let at = 0; at < ids.length; at += AT_ONCE) {
      // Read anew for each group: the other destination's message may be proving the same assets.
      const assets = await this.database.assets.findMany(ids.slice(at, at + AT_ONCE));
      context.report(assets[0]?.files[0]?.filename ?? batch.path, at / ids.length);
      lines.push(...(await Promise.all(assets.map((asset) => this.verify(asset, batch)))));
    }
    const emits = lines.flatMap(({ verdict, assetId }) => (verdict === 'proven' ? [emit('media.verified', { assetId }, assetId)] : []));
    if (lines.length > 0) await this.reports.write(batch, lines);
    if (deliveries.length > 0 && deliveries.every(({ state }) => state === 'proven') && lines.every(({ verdict }) => verdict === 'proven')) {
      await this.database.batches.move(batch.id, 'uploaded', 'verified');
    }
    return done(...emits);
  }

  async verifyAsset(message: AssetMessage): Promise<Outcome> {
    const asset = await namedAsset(this.database, message);
    const line = await this.verify(asset, null);
    return line.verdict === 'proven' ? done(emit('media.verified', { assetId: asset.id }, asset.id)) : skip(line.reason ?? line.verdict);
  }

  /** Verdict on one asset; moves it to `verified`, or stops it with a dead letter of its own, so that one bad file holds up no other. */
  private async verify(asset: AssetWithFiles, batch: Batch | null): Promise<ReportLine> {
    const line = { assetId: asset.id, name: asset.files[0]?.filename ?? '' };
    if (asset.state === 'verified' || asset.state === 'sorted' || asset.state === 'completed') return { ...line, verdict: 'proven', reason: 'proven before', checked: [] };
    if (asset.state !== 'bridged') return { ...line, verdict: 'waiting', reason: `the asset is ${asset.state}`, checked: [] };
    const deliveries = await this.database.batches.deliveriesOf(asset.id);
    if (!allSettled(deliveries)) return { ...line, verdict: 'waiting', reason: 'another destination has not answered yet', checked: [] };
    const history = { step: 'verifier', assetId: asset.id } as const;
    if (!this.settings.enable.verification) {
      await this.database.assets.move(asset.id, 'bridged', 'verified', { ...history, status: 'warning', message: 'verification is off: passed on unproven' });
      return { ...line, verdict: 'proven', reason: 'verification is off', checked: [] };
    }
    const findings = await this.shelves.check(claimsOf(asset, deliveries, await this.batchesOf(deliveries, batch)));
    const wrong = findings.filter(({ problem }) => problem !== null);
    if (wrong.length === 0) {
      await this.database.assets.move(asset.id, 'bridged', 'verified', { ...history, status: 'success', message: `${findings.length} places hold the bytes that were meant` });
      return { ...line, verdict: 'proven', reason: null, checked: findings };
    }
    const reason = wrong.map(({ path, problem }) => `${path}: ${problem ?? ''}`).join('; ');
    await this.database.assets.stop(asset.id, 'failed', { code: 'PROOF_FAILED', reason }, { ...history, status: 'error', message: reason, code: 'PROOF_FAILED' });
    await this.bus.deadLetter({ stage: 'verifier', subject: 'media.bridged.none', code: 'PROOF_FAILED', reason, payload: { assetId: asset.id } });
    return { ...line, verdict: 'failed', reason, checked: findings };
  }

  private async batchesOf(deliveries: readonly { readonly batchId: string }[], known: Batch | null): Promise<ReadonlyMap<string, Batch>> {
    const batches = new Map(known ? [[known.id, known]] : []);
    for (const { batchId } of deliveries) {
      if (batches.has(batchId)) continue;
      const batch = await this.database.batches.find(batchId);
      if (batch) batches.set(batchId, batch);
    }
    return batches;
  }
}
