import { readFile, rename, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { ICloudAccount, PhotoLibrary, Uploads, type Clock, type FileToUpload } from '..';
import { primaryOf } from './photo-library';
import { MemoryIndex } from './upload-library';
import type { Setup } from './session-worker';

/** What an upload worker is given (its first argument, as JSON). Times are milliseconds since 1970. */
export interface UploadTask {
  readonly setup: Setup;
  readonly files: readonly (Omit<FileToUpload, 'modifiedAt'> & { readonly modifiedAt: number })[];
  /** Where it keeps what a stage keeps in its database. */
  readonly stateFile: string;
  readonly now: number;
}

/** It stops at each of these, and at each wait, until it is told the time. */
export type Step = 'looked' | 'about to put' | 'put written down' | 'uploaded' | 'seen' | 'done';
export type Said = { readonly step: Step; readonly detail?: unknown } | { readonly sleep: number };

interface State {
  putAt: Record<string, number>;
  done: Record<string, string>;
  index: Pick<MemoryIndex, 'token' | 'files'>;
}

const task = JSON.parse(process.argv[2] ?? '') as UploadTask;
let { now } = task;
const waiting: (() => void)[] = [];
createInterface({ input: process.stdin }).on('line', (line) => {
  now = Number(line);
  waiting.shift()?.();
});
const say = async (said: Said): Promise<void> => {
  const told = new Promise<void>((resolve) => waiting.push(resolve));
  process.stdout.write(`${JSON.stringify(said)}\n`);
  await told;
};
const clock: Clock = { now: () => now, sleep: async (ms) => await say({ sleep: ms }) };

class KeptIndex extends MemoryIndex {
  override async save(...page: Parameters<MemoryIndex['save']>): Promise<void> {
    await super.save(...page);
    await keep();
  }
}
const index = new KeptIndex();
const state: State = { putAt: {}, done: {}, index };
let keeping = Promise.resolve();
const keep = async (): Promise<void> => {
  keeping = keeping.then(async () => {
    const { token, files } = index;
    await writeFile(`${task.stateFile}.part`, JSON.stringify({ ...state, index: { token, files } }));
    await rename(`${task.stateFile}.part`, task.stateFile);
  });
  await keeping;
};

async function begin(): Promise<void> {
  const kept = await readFile(task.stateFile, 'utf8').catch(() => null);
  if (kept === null) return;
  const read = JSON.parse(kept) as State;
  Object.assign(state, { putAt: read.putAt, done: read.done });
  Object.assign(index, read.index);
}

async function main(): Promise<void> {
  await begin();
  const account = await ICloudAccount.open({ ...task.setup, clock });
  const zone = await primaryOf(new PhotoLibrary(account, { clock }));
  const uploads = new Uploads(account, zone, index, { clock, settleMs: 60_000 });
  const open = task.files.filter(({ sha256 }) => state.done[sha256] === undefined);
  const presences = await uploads.present(open.map((file) => ({ ...file, putAt: state.putAt[file.sha256] === undefined ? null : new Date(state.putAt[file.sha256] ?? 0) })));
  await say({ step: 'looked', detail: presences.map(({ kind }) => kind) });
  await Promise.all(open.map(async (file, at) => await deliver(uploads, { ...file, modifiedAt: new Date(file.modifiedAt) }, presences[at]?.kind === 'there')));
  await account.close();
  await say({ step: 'done' });
}

async function deliver(uploads: Uploads, file: FileToUpload, there: boolean): Promise<void> {
  let names = {};
  if (!there) {
    const beforePut = async (): Promise<void> => {
      await say({ step: 'about to put' });
      state.putAt[file.sha256] = now;
      await keep();
      await say({ step: 'put written down' });
    };
    const outcome = await uploads.upload(file, { beforePut });
    await say({ step: 'uploaded', detail: outcome.kind });
    if (outcome.kind !== 'created' && outcome.kind !== 'already_there') return;
    names = outcome;
  }
  const [sighting] = await uploads.waitUntilSeen([{ ...names, checksum: file.checksum, bytes: file.bytes }]);
  await say({ step: 'seen', detail: sighting?.kind });
  if (sighting?.kind !== 'seen' || sighting.presence.kind !== 'there') return;
  state.done[file.sha256] = sighting.presence.recordName;
  await keep();
}

void main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
