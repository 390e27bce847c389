import type { Destination } from '@media-pipeline/contracts';
import { isId } from '../engine/id';
import type { Connection, Session } from '../engine/session';
import type { BatchRow } from '../entities/batch.entity';
import type { DeliveryRow } from '../entities/delivery.entity';
import type { Batch, BatchStatus, Delivery, DeliveryState } from '../records';
import { BatchRepository, type BatchLimits, type Staging } from '../repositories';
import { assign } from './assign';
import { toBatch, toDelivery } from './batch-rows';
import { clean, now } from './values';

export class SqlBatchRepository extends BatchRepository {
  constructor(private readonly connection: Connection) {
    super();
  }

  override assign(
    destination: Destination,
    assetId: string,
    files: readonly Staging[],
    limits: BatchLimits,
    renameOnConflict: boolean,
  ): Promise<{ readonly batch: Batch; readonly deliveries: readonly Delivery[] }> {
    return this.connection.write((session) => assign(session, { destination, assetId, files, limits, renameOnConflict }));
  }

  /** Oldest first. */
  override async open(): Promise<Batch[]> {
    const rows = await this.connection.reads.all<BatchRow>("select * from batches where status = 'open' order by id");
    return rows.map(toBatch);
  }

  override async find(id: string): Promise<Batch | null> {
    if (!isId(id)) return null;
    const [row] = await this.connection.reads.all<BatchRow>('select * from batches where id = ?', id);
    return row ? toBatch(row) : null;
  }

  /** Newest first. */
  override async list({ status, limit }: { readonly status?: BatchStatus; readonly limit: number }): Promise<Batch[]> {
    const rows =
      status === undefined
        ? await this.connection.reads.all<BatchRow>('select * from batches order by id desc limit ?', limit)
        : await this.connection.reads.all<BatchRow>('select * from batches where status = ? order by id desc limit ?', status, limit);
    return rows.map(toBatch);
  }

  override async deliveries(batchId: string): Promise<Delivery[]> {
    const rows = await this.connection.reads.all<DeliveryRow>('select * from deliveries where batch_id = ? order by id', batchId);
    return rows.map(toDelivery);
  }

  override async deliveriesOf(assetId: string): Promise<Delivery[]> {
    const rows = await this.connection.reads.all<DeliveryRow>('select * from deliveries where asset_id = ? order by id', assetId);
    return rows.map(toDelivery);
  }

  override async move(id: string, from: BatchStatus, to: BatchStatus): Promise<boolean> {
    const completedAt = to === 'verified' ? now() : null;
    const moved = await this.connection.write((session) =>
      session.run('update batches set status = ?, completed_at = ? where id = ? and status = ?', to, completedAt, id, from),
    );
    return moved > 0;
  }

  override async setDeliveries(batchId: string, state: DeliveryState, evidence: string | null): Promise<void> {
    await this.connection.write((session) => setState(session, 'batch_id', batchId, state, evidence));
  }

  override async setDelivery(id: string, state: DeliveryState, evidence: string | null): Promise<void> {
    await this.connection.write((session) => setState(session, 'id', id, state, evidence));
  }
}

/** A proof stands: a redelivered message that would say less (`staged`, `handed_off`) leaves a proven delivery as it is. */
async function setState(session: Session, by: 'id' | 'batch_id', id: string, state: DeliveryState, evidence: string | null): Promise<void> {
  const less = state === 'staged' || state === 'handed_off';
  await session.run(
    `update deliveries set state = ?, evidence = ?, updated_at = ? where ${by} = ?${less ? " and state <> 'proven'" : ''}`,
    state,
    evidence === null ? null : clean(evidence),
    now(),
    id,
  );
  if (state !== 'handed_off' && state !== 'proven') return;
  await session.run(
    `update media_files set status = 'uploaded', updated_at = ? where status = 'batched' and id in (select file_id from deliveries where ${by} = ?)`,
    now(),
    id,
  );
}
