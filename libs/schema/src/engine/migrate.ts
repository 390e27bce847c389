import { MigrationExecutor, type DataSource, type QueryRunner } from 'typeorm';

/** Runs what is missing of the migrations inside the transaction that is open on `runner`, which must exclude every other process. */
export async function migrate(source: DataSource, runner: QueryRunner): Promise<void> {
  const executor = new MigrationExecutor(source, runner);
  executor.transaction = 'none';
  await executor.executePendingMigrations();
}
