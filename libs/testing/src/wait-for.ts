import { setTimeout as pause } from 'node:timers/promises';

/** Waits until `condition` gives something truthy, and returns it. Fails with what `describe` says when `timeoutMs` are over. */
export async function waitFor<T>(condition: () => Promise<T> | T, { timeoutMs = 20_000, everyMs = 50, describe = () => 'the condition' }: { timeoutMs?: number; everyMs?: number; describe?: () => string } = {}): Promise<NonNullable<T>> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms in vain for ${describe()}`);
    await pause(everyMs);
  }
}
