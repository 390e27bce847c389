/** One thing that was looked at. `advice` says what to do where it is not ok. */
export interface Finding {
  readonly about: string;
  readonly level: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  readonly advice?: string;
}

export const ok = (about: string, detail: string): Finding => ({ about, level: 'ok', detail });
export const warn = (about: string, detail: string, advice: string): Finding => ({ about, level: 'warn', detail, advice });
export const fail = (about: string, detail: string, advice: string): Finding => ({ about, level: 'fail', detail, advice });

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
