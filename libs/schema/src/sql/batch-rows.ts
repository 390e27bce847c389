import type { BatchRow } from '../entities/batch.entity';
import type { DeliveryRow } from '../entities/delivery.entity';
import type { Batch, Delivery } from '../records';
import { count, date, dateOrNull } from './values';

export const toBatch = (row: BatchRow): Batch => ({
  id: row.id,
  destination: row.batch_type,
  status: row.status,
  path: row.path,
  fileCount: row.file_count,
  totalBytes: count(row.total_bytes),
  createdAt: date(row.created_at),
  completedAt: dateOrNull(row.completed_at),
});

export const toDelivery = (row: DeliveryRow): Delivery => ({
  id: row.id,
  assetId: row.asset_id,
  fileId: row.file_id,
  batchId: row.batch_id,
  destination: row.destination,
  name: row.name,
  sha256: row.sha256,
  bytes: count(row.bytes),
  state: row.state,
  evidence: row.evidence,
});
