import picocolors from 'picocolors';
import Table from 'cli-table3';

let colors = picocolors.createColors(picocolors.isColorSupported && process.stdout.isTTY);
/** `--no-color`; without it, colours go to terminals only, and not where NO_COLOR is set. */
export const withoutColor = (): void => {
  colors = picocolors.createColors(false);
};
export const paint = (): typeof colors => colors;

export const print = (line = ''): void => void process.stdout.write(`${line}\n`);
export const printJson = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
export const note = (line: string): void => void process.stderr.write(`${line}\n`);

/** A table without lines: columns two spaces apart, headings dimmed. */
export function table(headings: readonly string[], rows: readonly (readonly (string | number)[])[], numeric: readonly number[] = []): string {
  const none = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' };
  const drawn = new Table({
    head: headings.map((heading) => colors.dim(heading)),
    colAligns: headings.map((_, column) => (numeric.includes(column) ? 'right' : 'left')),
    chars: none,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
  drawn.push(...rows.map((row) => row.map((cell) => printable(String(cell)))));
  return drawn
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** File names may hold line breaks and terminal control codes; neither may reach a terminal. */
export const printable = (text: string): string =>
  // the colours of our own tables pass
  text.replace(/(?!\u001b\[\d+m)[\u0000-\u001f\u007f-\u009f]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** `1 file`, `2 files`. */
export const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'] as const;
/** `1.5 MB`, in powers of 1000. */
export function bytes(count: number): string {
  const power = count < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(count) / 3));
  const value = count / 1000 ** power;
  return `${power === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${units[power] ?? 'B'}`;
}

/** `1 h 02 min`, `3 min 20 s`, `4.2 s`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  return hours > 0 ? `${hours} h ${String(minutes).padStart(2, '0')} min` : `${minutes} min ${String(whole % 60).padStart(2, '0')} s`;
}

/** A long name by its end, which tells more. */
export const shortened = (text: string, width: number): string => (text.length <= width ? text : `…${text.slice(text.length - width + 1)}`);
