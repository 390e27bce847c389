import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
import type { Config } from '@media-pipeline/config';

/** Injection token for the structured logger (pino's interface, as far as stages need it). */
export abstract class Logger {
  abstract fatal(fields: object, message: string): void;
  abstract error(fields: object, message: string): void;
  abstract warn(fields: object, message: string): void;
  abstract info(fields: object, message: string): void;
  abstract debug(fields: object, message: string): void;
}

/** JSON lines, by default on stderr: stdout belongs to the command that somebody typed. */
export function createLogger(log: Config['log'], name: string, destination?: DestinationStream): PinoLogger {
  return pino({ name, level: log.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination ?? pino.destination({ dest: 2, sync: false }));
}
