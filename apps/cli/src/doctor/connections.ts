import { stat } from 'node:fs/promises';
import { Bus } from '@media-pipeline/bus';
import type { Config } from '@media-pipeline/config';
import { toPipelineError } from '@media-pipeline/contracts';
import { Database } from '@media-pipeline/schema';
import { findBroker } from '../library/broker-file';
import { bytes } from '../output/text';
import { fail, ok, warn, type Finding } from './finding';

const patienceMs = 3_000;

/** Whether the broker answers, has JetStream, and the streams and consumers of the pipeline. */
export async function checkBroker(config: Config): Promise<Finding[]> {
  const url = await findBroker(config);
  if (url === null) return [ok('NATS', 'no pipeline is running; `run` and `up` start a nats-server')];
  try {
    const bus = await Bus.connect({ url, name: 'media-pipeline doctor', patienceMs });
    try {
      const found = await bus.lag();
      const wanted = bus.intakes.length;
      if (found.length < wanted) return [ok('NATS', url), warn('JetStream', `${found.length} of ${wanted} consumers are there`, 'The start of any stage makes them.')];
      return [ok('NATS', url), ok('JetStream', `all ${wanted} consumers are there; ${await bus.deadLetters.count()} dead letters`)];
    } finally {
      await bus.close();
    }
  } catch (thrown) {
    const error = toPipelineError(thrown);
    return [fail('NATS', error.message, error.advice)];
  }
}

/** Opening brings the tables up to date, as every start does; a database that is not there yet is not made. */
export async function checkDatabase({ database }: Config): Promise<Finding[]> {
  const about = database.kind === 'sqlite' ? 'database (SQLite)' : 'database (PostgreSQL)';
  const file = database.kind === 'sqlite' ? await stat(database.file).catch(() => null) : null;
  if (database.kind === 'sqlite' && file === null) return [ok(about, `${database.file} is not there yet; the first run makes it`)];
  try {
    const opened = await Database.open(database);
    try {
      await opened.ping();
      const counts = await opened.assets.countByState();
      const assets = Object.values(counts).reduce((sum, count) => sum + count, 0);
      return [ok(about, `answers, tables are up to date, ${assets} photos${database.kind === 'sqlite' && file ? `, ${database.file} (${bytes(file.size)})` : ''}`)];
    } finally {
      await opened.close();
    }
  } catch (thrown) {
    const error = toPipelineError(thrown);
    return [fail(about, error.message, error.advice)];
  }
}
