import { stat } from 'node:fs/promises';
import type { Config } from '@media-pipeline/config';
import { PipelineError } from '@media-pipeline/contracts';
import type { Database } from '@media-pipeline/schema';

/** @throws NOT_A_LIBRARY when there is no database to look at: looking must not make one. */
export async function openDatabase(config: Config): Promise<Database> {
  if (config.database.kind === 'sqlite') {
    const found = await stat(config.database.file).catch(() => null);
    if (found === null) throw new PipelineError('NOT_A_LIBRARY', `${config.library.root} has no pipeline database yet (${config.database.file}).`);
  }
  // engines and tables are read only where there is something to open
  const { openSqlDatabase } = await import('./sql-database.js');
  return openSqlDatabase(config);
}
