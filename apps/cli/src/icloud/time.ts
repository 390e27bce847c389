const two = (value: number): string => String(value).padStart(2, '0');

/** `14:03`, as clocks here show it. */
export const clockTime = (at: Date): string => `${two(at.getHours())}:${two(at.getMinutes())}`;

/** `2026-11-02 14:03`, as clocks here show it. */
export const dayAndTime = (at: Date): string => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clockTime(at)}`;

const units: readonly (readonly [seconds: number, name: string])[] = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
];

/** `in 3 days`, `12 minutes ago`, `just now`: in the largest unit of which there are two, else in the next smaller. */
export function fromNow(at: Date, now: Date): string {
  const seconds = (at.getTime() - now.getTime()) / 1000;
  const size = Math.abs(seconds);
  if (size < 60) return seconds >= 0 ? 'within a minute' : 'just now';
  const [unit, name] = units.find(([length]) => size >= 2 * length) ?? ([60, 'minute'] as const);
  const count = Math.round(size / unit);
  const words = `${count} ${name}${count === 1 ? '' : 's'}`;
  return seconds >= 0 ? `in ${words}` : `${words} ago`;
}
