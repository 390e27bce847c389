import { PipelineError } from '@media-pipeline/contracts';

/** One thing that is wrong with the settings. `value` is already masked; undefined where there is none to show. */
export interface SettingProblem {
  readonly key: string;
  readonly value: string | undefined;
  /** The end of the sentence "<key> <value> …". */
  readonly problem: string;
  readonly accepts: string;
  readonly from?: string;
}

export const describeProblem = ({ key, value, problem, accepts, from }: SettingProblem): string =>
  `${key}${value === undefined ? '' : `=${JSON.stringify(value)}`} ${problem}; accepts ${accepts}${from ? ` (from ${from})` : ''}`;

/** SETTINGS_INVALID with every problem that was found, not only the first. */
export class SettingsError extends PipelineError {
  constructor(
    readonly problems: readonly SettingProblem[],
    readonly warnings: readonly string[] = [],
  ) {
    super('SETTINGS_INVALID', [`${problems.length === 1 ? 'One setting is' : `${problems.length} settings are`} wrong:`, ...problems.map((problem) => `  - ${describeProblem(problem)}`)].join('\n'));
  }
}
