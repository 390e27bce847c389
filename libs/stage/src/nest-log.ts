import type { LoggerService } from '@nestjs/common';
import type { Logger as PinoLogger } from 'pino';

/** Nest's own messages, sent to the stage's log: its start-up chatter at debug, the rest at its level. */
export class NestLog implements LoggerService {
  constructor(private readonly logger: PinoLogger) {}
  log(message: unknown): void {
    this.logger.debug(String(message));
  }
  error(message: unknown, ...rest: unknown[]): void {
    this.logger.error({ rest: rest.map(String) }, String(message));
  }
  warn(message: unknown): void {
    this.logger.warn(String(message));
  }
  debug(message: unknown): void {
    this.logger.debug(String(message));
  }
  verbose(message: unknown): void {
    this.logger.trace(String(message));
  }
}
