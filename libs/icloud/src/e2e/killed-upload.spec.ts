import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import fc from 'fast-check';
import { endpointsFor, type FileToUpload } from '..';
import { password, Scene, secretsKey, username } from './scene';
import { assetsWith, newFile } from './upload-library';
import type { Said, Step, UploadTask } from './upload-worker';

const typescript = path.resolve(__dirname, '../../../../tools/testing/typescript.cjs');

/** When to kill: at a step that is said, at the n-th request that was answered, when bytes begin to come, when a put was taken and nobody told. */
type When = { readonly step: Step } | { readonly request: number } | 'bytes' | 'taken' | 'never';

let scene: Scene;
let running: ChildProcess | null = null;
let when: When = 'never';
let requests = 0;
let runs = 0;

beforeAll(async () => {
  scene = await Scene.set({ trustLifetimeMs: 10_000 * 3_600_000 });
  await (await scene.signedIn({ secretsKey })).close();
  const { uploads, traffic } = scene.icloud;
  // Apple may not know a content again before its records are there.
  uploads.duplicatesKnown = 'when indexed';
  const add = traffic.add.bind(traffic);
  traffic.add = (request) => {
    add(request);
    requests += 1;
    if (typeof when === 'object' && 'request' in when && requests >= when.request) kill();
  };
  const take = uploads.store.take.bind(uploads.store);
  uploads.store.take = async (...given) => {
    if (when === 'bytes') kill();
    return await take(...given);
  };
  const remember = uploads.remember.bind(uploads);
  uploads.remember = (asset) => {
    remember(asset);
    if (when === 'taken') kill();
  };
});
afterAll(async () => {
  running?.kill('SIGKILL');
  await scene.end();
});

const kill = (): void => void running?.kill('SIGKILL');

/** Runs a worker until it ends or is killed. @returns whether it was killed */
async function run(files: readonly FileToUpload[], stateFile: string, at: When): Promise<boolean> {
  const setup = { username, password, sessionFile: scene.sessionFile, secretsKey, endpoints: endpointsFor('global', scene.icloud.endpoints) };
  const task: UploadTask = { setup, files: files.map((file) => ({ ...file, modifiedAt: file.modifiedAt.getTime() })), stateFile, now: scene.clock.now() };
  const child = spawn(process.execPath, ['-r', typescript, path.join(__dirname, 'upload-worker.ts'), JSON.stringify(task)], { stdio: ['pipe', 'pipe', 'inherit'] });
  running = child;
  requests = 0;
  when = at;
  runs += 1;
  child.stdin.on('error', () => undefined);
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = JSON.parse(line) as Said;
    if ('sleep' in said) scene.clock.advance(said.sleep);
    else if (typeof at === 'object' && 'step' in at && at.step === said.step) return kill();
    child.stdin.write(`${scene.clock.now()}\n`);
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  when = 'never';
  if (signal === null) expect(code).toBe(0);
  return signal === 'SIGKILL';
}

const stateFile = (): string => path.join(scene.folder, `state-${runs}.json`);
async function expectOnce(files: readonly FileToUpload[], kept: string): Promise<void> {
  scene.clock.advance(60_000);
  const copies = scene.icloud.uploads.copies();
  expect(files.map(({ sha256 }) => copies.get(sha256))).toEqual(files.map(() => 1));
  const { done } = JSON.parse(await readFile(kept, 'utf8')) as { done: Record<string, string> };
  expect(files.map(({ sha256 }) => [done[sha256]])).toEqual(files.map((file) => assetsWith(scene.icloud, file)));
}

const steps: readonly Step[] = ['looked', 'about to put', 'put written down', 'uploaded', 'seen', 'done'];
it.each<When>([...steps.map((step) => ({ step })), 'bytes', 'taken'])('killed at %j and begun again, it makes one asset', async (at) => {
  const file = await newFile(scene.folder, 'IMG_1.JPG');
  const kept = stateFile();
  expect(await run([file], kept, at)).toBe(true);
  expect(await run([file], kept, 'never')).toBe(false);
  await expectOnce([file], kept);
});

it('killed after each request, one after the other, it makes one asset', async () => {
  const file = await newFile(scene.folder, 'IMG_2.JPG');
  const kept = stateFile();
  let request = 1;
  while (await run([file], kept, { request })) {
    request += 1;
    expect(request).toBeLessThan(40);
  }
  // Sign-in aside, a run asks for the zones, looks, reserves, sends, puts and looks again.
  expect(request).toBeGreaterThan(6);
  await expectOnce([file], kept);
});

it('killed at random while it uploads several files at once, it has each of them in iCloud once', async () => {
  const files: FileToUpload[] = [];
  const kept = stateFile();
  // A run with a file to upload makes ten requests and more: the first kind always strikes, the second somewhere, or not at all.
  const kinds = fc.sample(fc.oneof(fc.record({ request: fc.integer({ min: 3, max: 10 }) }), fc.record({ request: fc.integer({ min: 11, max: 60 }) }), fc.constant<When>('taken')), 12);
  const certain = kinds.filter((at) => typeof at === 'object' && 'request' in at && at.request <= 10).length;
  scene.icloud.faults.withProbability('putAsset.dropAfter', 0.1);
  scene.icloud.faults.withProbability('putAsset.file503taken', 0.1);
  let kills = 0;
  for (const at of kinds) {
    files.push(await newFile(scene.folder, `IMG_${files.length}.JPG`), await newFile(scene.folder, `MOV_${files.length}.JPG`));
    if (await run(files, kept, at)) kills += 1;
  }
  scene.icloud.faults.clear();
  for (let left = 1, tries = 0; left > 0 && tries < 5; tries += 1) {
    await run(files, kept, 'never');
    const { done } = JSON.parse(await readFile(kept, 'utf8')) as { done: Record<string, string> };
    left = files.filter(({ sha256 }) => done[sha256] === undefined).length;
  }
  expect(certain).toBeGreaterThan(1);
  expect(kills).toBeGreaterThanOrEqual(certain);
  await expectOnce(files, kept);
});
