import { StepLine } from './step-line';

const shownOn = (screen: { readonly isTTY?: boolean; readonly columns?: number }, use: (line: StepLine) => void): string => {
  let text = '';
  use(new StepLine({ ...screen, write: (more) => (text += more) }));
  return text;
};

const long = (line: StepLine): void => {
  for (const fraction of [0.1, 0.1, 0.2, 0.2]) line.show('1 of 9', fraction);
  line.clear();
  line.clear();
  line.show('2 of 9', null);
};

it('is a line for each new step where nobody looks on, however often it is said', () => {
  expect(shownOn({}, long)).toBe('10 % 1 of 9\n2 of 9\n');
});

it('is one line at a terminal, written over only when it changes', () => {
  expect(shownOn({ isTTY: true, columns: 8 }, long)).toBe('\r\u001b[K10 % 1 \r\u001b[K20 % 1 \r\u001b[K\r\u001b[K2 of 9');
  expect(shownOn({ isTTY: true, columns: 0 }, (line) => { line.show('looking', null); })).toBe('\r\u001b[Klooking');
});
