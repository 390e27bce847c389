import { LibraryPath, PipelineError, type Destination } from '@media-pipeline/contracts';
import { nameKey } from '@media-pipeline/files';
import { newId } from '../engine/id';
import { insert } from '../engine/insert';
import type { Session } from '../engine/session';
import type { BatchRow } from '../entities/batch.entity';
import type { DeliveryRow } from '../entities/delivery.entity';
import type { Batch, Delivery } from '../records';
import type { BatchLimits, Staging } from '../repositories';
import { toBatch, toDelivery } from './batch-rows';
import { nameTaken } from './name-taken';
import { UniqueNames } from './unique-names';
import { boundedKey, count, list, now } from './values';

export interface Assignment {
  readonly destination: Destination;
  readonly assetId: string;
  readonly files: readonly Staging[];
  readonly limits: BatchLimits;
  readonly renameOnConflict: boolean;
}

/** Puts all files of an asset into one batch of the destination, unless they are in one. */
export async function assign(session: Session, wanted: Assignment): Promise<{ readonly batch: Batch; readonly deliveries: readonly Delivery[] }> {
  const { destination, files } = wanted;
  if (session.dialect.lock) await session.all(session.dialect.lock, `batches:${destination}`);
  const there = await assigned(session, destination, files);
  const missing = files.filter((file) => !there.some((delivery) => delivery.file_id === file.fileId));
  const [first] = there;
  const batch = first ? await homeOf(session, first, missing) : await roomFor(session, wanted);
  if (missing.length > 0) await add(session, batch.id, wanted, missing);
  const [row] = await session.all<BatchRow>('select * from batches where id = ?', batch.id);
  return { batch: toBatch(row ?? batch), deliveries: (await assigned(session, destination, files)).map(toDelivery) };
}

const assigned = (session: Session, destination: Destination, files: readonly Staging[]): Promise<DeliveryRow[]> =>
  session.all(
    `select * from deliveries where destination = ? and file_id in ${session.dialect.list.uuid} order by id`,
    destination,
    list(files.map((file) => file.fileId)),
  );

/** The batch that has some of the asset's files already; it takes the rest, over its limits if need be, as long as it is open. */
async function homeOf(session: Session, { batch_id }: DeliveryRow, missing: readonly Staging[]): Promise<BatchRow> {
  const [batch] = await session.all<BatchRow>(`select * from batches where id = ?${session.dialect.forUpdate}`, batch_id);
  if (!batch) throw new PipelineError('UNEXPECTED', `batch ${batch_id} has vanished`);
  if (missing.length > 0 && batch.status !== 'open') throw new PipelineError('UNEXPECTED', `${batch.path} is sealed with only some files of the asset in it`);
  return batch;
}

/** The newest open batch if the asset fits in, else a new one. The row stays locked, so that nobody seals it meanwhile. */
async function roomFor(session: Session, { destination, files, limits }: Assignment): Promise<BatchRow> {
  const [open] = await session.all<BatchRow>(
    `select * from batches where batch_type = ? and status = 'open' order by id desc limit 1${session.dialect.forUpdate}`,
    destination,
  );
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const fits = open && open.file_count + files.length <= limits.maxFiles && count(open.total_bytes) + bytes <= limits.maxBytes;
  return open && (fits || open.file_count === 0) ? open : create(session, destination);
}

async function create(session: Session, destination: Destination): Promise<BatchRow> {
  const id = newId();
  const at = now();
  // `2025-03-09T14-05-11Z-1f3a9c0b72d4`: sorts by time, and the tail of the id makes it unique.
  const path = LibraryPath.parse(`bridge/${destination}/${at.slice(0, 19).replaceAll(':', '-')}Z-${id.slice(-12)}`);
  await session.run("insert into batches (id, batch_type, status, created_at, path) values (?, ?, 'open', ?, ?)", id, destination, at, path);
  return { id, batch_type: destination, status: 'open', total_size_gb: 0, file_count: 0, created_at: at, completed_at: null, total_bytes: 0, path };
}

async function add(session: Session, batchId: string, { destination, assetId, renameOnConflict }: Assignment, files: readonly Staging[]): Promise<void> {
  const at = now();
  const wanted = files.map((file) => file.name);
  const names = await namesIn(session, batchId).take(wanted);
  const renamed = wanted.find((name, i) => names[i] !== name);
  if (renamed !== undefined && !renameOnConflict) throw nameTaken(renamed);
  const rows = files.map((file, i) => {
    const name = names[i] ?? file.name;
    return [newId(), assetId, file.fileId, batchId, destination, name, boundedKey(nameKey(name)), file.sha256, file.bytes, 'staged', at, at];
  });
  await insert(
    session,
    'deliveries',
    ['id', 'asset_id', 'file_id', 'batch_id', 'destination', 'name', 'name_key', 'sha256', 'bytes', 'state', 'created_at', 'updated_at'],
    rows,
  );
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  await session.run(
    `update batches set file_count = file_count + ?, total_bytes = total_bytes + ?, total_size_gb = round((total_bytes + ?) / 1073741824.0, 2) where id = ?`,
    files.length,
    bytes,
    bytes,
    batchId,
  );
  await session.run(`update media_files set batch_id = ? where id in ${session.dialect.list.uuid}`, batchId, list(files.map((file) => file.fileId)));
}

const namesIn = (session: Session, batchId: string): UniqueNames =>
  new UniqueNames({
    key: (name) => boundedKey(nameKey(name)),
    isTaken: async (key) => (await session.all('select 1 as taken from deliveries where batch_id = ? and name_key = ?', batchId, key)).length > 0,
  });
