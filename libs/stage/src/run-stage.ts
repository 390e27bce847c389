import { once } from 'node:events';
import { loadConfig, type Config } from '@media-pipeline/config';
import { toPipelineError } from '@media-pipeline/contracts';
import type { StageDefinition } from './definition';
import { serveHealth } from './health';
import { openHost } from './host';
import { createLogger } from './logger';
import { Metrics } from './metrics';
import { startStage } from './start-stage';

/**
 * What each stage's main.ts calls: settings, log, library, database, broker, health, then the stage, until SIGTERM or SIGINT.
 * Exit code 0 after a clean drain, 2 when the settings are wrong, 1 for anything else.
 */
export async function runStage(stage: StageDefinition): Promise<void> {
  let config: Config;
  try {
    const loaded = loadConfig();
    config = loaded.config;
    for (const warning of loaded.warnings) process.stderr.write(`warning: ${warning}\n`);
  } catch (thrown) {
    const error = toPipelineError(thrown);
    process.stderr.write(`error ${error.code}: ${error.message}\n${error.advice}\n`);
    process.exitCode = 2;
    return;
  }
  const logger = createLogger(config.log, stage.name);
  const stop = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  try {
    const metrics = new Metrics();
    await using host = await openHost(config, stage.name, logger);
    const health = config.service.healthPort === null ? null : await serveHealth(host, metrics, config.service.healthPort);
    const running = await startStage(stage, host, metrics);
    await stop;
    logger.info({ stage: stage.name }, 'draining');
    await running.close();
    await health?.close();
  } catch (thrown) {
    const error = toPipelineError(thrown);
    logger.fatal({ code: error.code, advice: error.advice, err: error }, error.message);
    process.exitCode = 1;
  }
}
