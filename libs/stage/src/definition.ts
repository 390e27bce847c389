import path from 'node:path';
import type { Type } from '@nestjs/common';
import { PipelineError, type StageName, type TaskName } from '@media-pipeline/contracts';
import type { Task } from './task';

/** What one stage is: exported as `stage` by `apps/<name>/src/<name>.module.ts`. */
export interface StageDefinition {
  readonly name: StageName;
  readonly module: Type<unknown>;
  /** One sentence for people: what it does to an asset. */
  readonly describe: string;
  /** What can be asked of it apart from messages, and the part of it that is needed for that: no consumers, no broker. */
  readonly tasks?: { readonly [T in TaskName]?: { readonly module: Type<unknown>; readonly task: Type<Task<T>> } };
}

export const defineStage = (definition: StageDefinition): StageDefinition => definition;

const isDefinition = (value: unknown): value is StageDefinition =>
  typeof value === 'object' && value !== null && 'name' in value && 'module' in value && 'describe' in value;

/**
 * Loads a built stage by its name at run time, the way a container loads its image: no app imports an app.
 * @param appsDirectory `dist/apps`; by default the one that this library was built beside.
 */
export async function loadStage(name: StageName, appsDirectory = path.join(__dirname, '..', '..', '..', 'apps')): Promise<StageDefinition> {
  const file = path.join(appsDirectory, name, 'src', `${name}.module.js`);
  let loaded: unknown;
  try {
    loaded = await import(file);
  } catch (cause) {
    throw new PipelineError('UNEXPECTED', `The stage ${name} cannot be loaded from ${file}: was it built (npm run build)?`, { cause });
  }
  const stage = typeof loaded === 'object' && loaded !== null && 'stage' in loaded ? loaded.stage : undefined;
  if (!isDefinition(stage)) throw new PipelineError('UNEXPECTED', `${file} exports no stage definition named "stage".`);
  return stage;
}
