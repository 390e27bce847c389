import { paint, printable } from './text';

/** A stream like stderr. */
interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Back to the beginning of the line, and nothing on it any more. */
const wipe = '\r\u001b[K';

/** What is being done right now: at a terminal one line that is written over, else a line for each new step. */
export class StepLine {
  private shown = '';
  private step = '';

  constructor(private readonly screen: Screen = process.stderr) {}

  /** @param fraction 0 to 1; null where nobody knows */
  show(step: string, fraction: number | null): void {
    const text = `${fraction === null ? '' : `${Math.round(fraction * 100)} % `}${printable(step)}`;
    if (this.screen.isTTY !== true) {
      if (step !== this.step) this.screen.write(`${paint().dim(text)}\n`);
    } else if (text !== this.shown) {
      // Some terminals say 0 when they do not know.
      const width = this.screen.columns !== undefined && this.screen.columns > 0 ? this.screen.columns : 80;
      this.screen.write(`${wipe}${paint().dim(text.slice(0, width - 1))}`);
    }
    [this.step, this.shown] = [step, text];
  }

  /** Makes room for something else. */
  clear(): void {
    if (this.screen.isTTY === true && this.shown !== '') this.screen.write(wipe);
    this.shown = '';
  }
}
