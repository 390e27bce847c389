import type { Config } from '@media-pipeline/config';
import { Database } from '@media-pipeline/schema';

/** Apart from {@link openDatabase}, which loads this file, and with it the engines, only when there is a database to open. */
export const openSqlDatabase = (config: Config): Promise<Database> => Database.open(config.database);
