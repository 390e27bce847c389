import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import known from './selectors.json';
import { readSelectors, targets } from './selectors';

let file: string;
beforeEach(async () => {
  file = path.join(await mkdtemp(path.join(tmpdir(), 'selectors-')), 'selectors.json');
});
afterEach(async () => {
  await rm(path.dirname(file), { recursive: true });
});

it('are those that are known, when nobody says more', async () => {
  expect(await readSelectors(null, null)).toEqual(known);
  expect(await readSelectors(null, file)).toEqual(known);
  expect(Object.keys(known)).toEqual([...targets, 'messages']);
});

it('begin with what the command names, then what the file adds', async () => {
  await writeFile(file, JSON.stringify({ uploadControl: ['#new', known.uploadControl[0]] }));
  const { uploadControl, fileInput, account } = await readSelectors('.mine', file);
  expect(uploadControl.slice(0, 4)).toEqual(['.mine', '#new', known.uploadControl[0], known.uploadControl[1]]);
  expect(fileInput).toEqual(['.mine', ...known.fileInput]);
  expect(account).toEqual(known.account);
});

it.each([['no JSON', '{'], ['an unknown target', '{"upload":["#x"]}'], ['no list', '{"account":"#x"}'], ['an empty selector', '{"account":[""]}']])('refuse a file with %s', async (_, text) => {
  await writeFile(file, text);
  await expect(readSelectors(null, file)).rejects.toMatchObject({ code: 'SETTINGS_INVALID', message: expect.stringContaining('ICLOUD_SELECTORS_FILE') as unknown });
});

// None of them may mean "some button": what is pressed must be the control for uploading.
it('name what they look for', () => {
  for (const selector of known.uploadControl) expect(selector).toMatch(/upload|Hochladen|Importer|Cargar|Carica|上传/i);
});
