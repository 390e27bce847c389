import 'reflect-metadata';
import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PipelineError, type TaskEvent, type TaskName, type TaskOptions, type TaskResult } from '@media-pipeline/contracts';
import type { StageDefinition } from './definition';
import type { StageHost } from './host';
import { HostModule } from './host.module';
import { NestLog } from './nest-log';

/** What a task stands on: a stage's host without a broker. */
export type TaskHost = Omit<StageHost, 'bus'>;

/** How whoever asked follows a task, and ends it early. */
export interface TaskAttendance<T extends TaskName> {
  readonly signal: AbortSignal;
  onEvent(event: TaskEvent<T>): void;
}

/** One kind of work that a stage does when a person asks for it; `tasks` in libs/contracts says what goes in and comes out. */
export abstract class Task<T extends TaskName> {
  abstract run(options: TaskOptions<T>, attendance: TaskAttendance<T>): Promise<TaskResult<T>>;
}

/** Starts the part of a stage that a task needs, does the task, and tears it down. */
export async function runTask<T extends TaskName>(stage: StageDefinition, name: T, host: TaskHost, options: TaskOptions<T>, attendance: TaskAttendance<T>): Promise<TaskResult<T>> {
  const found = stage.tasks?.[name];
  if (!found) throw new PipelineError('UNEXPECTED', `the stage ${stage.name} has no task ${name}`);
  const root: DynamicModule = { module: class TaskRoot {}, imports: [HostModule.of(host, stage.name), found.module] };
  const app = await NestFactory.createApplicationContext(root, { logger: new NestLog(host.logger), abortOnError: false });
  try {
    return await app.get<Task<T>>(found.task, { strict: false }).run(options, attendance);
  } finally {
    await app.close();
  }
}
