const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Apple locks an account after about ten sign-ins in a window (as icloudpd-rs reports); we stay well below. */
const limits = [
  { most: 3, withinMs: hourMs },
  { most: 8, withinMs: dayMs },
] as const;

/** When the next sign-in with the password is allowed: null is now. */
export function nextSignInAt(signIns: readonly number[], now: number): number | null {
  const waits = limits.flatMap(({ most, withinMs }) => {
    const recent = signIns.filter((at) => at > now - withinMs).sort((a, b) => a - b);
    const first = recent.at(-most);
    return first === undefined ? [] : [first + withinMs];
  });
  return waits.length === 0 ? null : Math.max(...waits);
}

/** The sign-ins that still count, with one more at `now`. */
export const withSignIn = (signIns: readonly number[], now: number): number[] => [...lately(signIns, now), now];

/** The sign-ins of the last day. A time in the future (a clock that was set back) counts as now. */
export const lately = (signIns: readonly number[], now: number): number[] => signIns.filter((at) => at > now - dayMs).map((at) => Math.min(at, now));
