import { CommanderError } from 'commander';
import { toPipelineError } from '@media-pipeline/contracts';

/** 0 ok · 1 something failed · 2 the command or the settings are wrong · 130 ended by Ctrl-C before it was done. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const usageErrors: ReadonlySet<string> = new Set(['SETTINGS_INVALID', 'NOT_A_LIBRARY', 'USAGE', 'INVALID_MESSAGE', 'UNKNOWN_ASSET']);

let redact = (text: string): string => text;
/** From now on errors are printed without the secrets of these settings. */
export const hideSecrets = (redactor: (text: string) => string): void => void (redact = redactor);

/** What to print for anything that was thrown (null: commander printed it), and how to exit. */
export function describeFailure(thrown: unknown): { readonly text: string | null; readonly exitCode: ExitCode } {
  if (thrown instanceof CommanderError) return { text: null, exitCode: thrown.exitCode === 0 ? exitCodes.ok : exitCodes.usage };
  const error = toPipelineError(thrown);
  // a defect of ours is reported with its stack, everything else in words
  const detail = error.code === 'UNEXPECTED' && thrown instanceof Error && thrown.stack !== undefined ? `\n${thrown.stack}` : '';
  return {
    text: redact(`error ${error.code}: ${error.message}${detail}\n${error.advice}\n`),
    exitCode: usageErrors.has(error.code) ? exitCodes.usage : exitCodes.failed,
  };
}
