import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Outcome } from '@media-pipeline/contracts';
import type { LocalLibrary } from '@media-pipeline/local-icloud';
import { eachInItsOwn } from '../e2e/own-scene';
import { add, sha256 } from './e2e/samples';
import { CloudScene } from './e2e/scene';

let scene: CloudScene;
let photos: LocalLibrary;
eachInItsOwn((bus) => CloudScene.open(bus), (opened) => {
  scene = opened;
  photos = opened.icloud.library;
});

const done: unknown = expect.objectContaining({ kind: 'done' });

describe('what stands in the way', () => {
  it('a code that is needed is said once, waited for without another push, and given by message', async () => {
    await add(photos, 'IMG_1.HEIC');
    const running = scene.service();
    for (let time = 0; time < 3; time++) expect(await scene.read(running)).toMatchObject({ kind: 'skip', reason: expect.stringContaining('Apple wants a code') });
    expect(scene.icloud.account).toMatchObject({ pushes: 1, signIns: 1 });
    expect(await scene.database.log.list({ limit: 9 })).toEqual([expect.objectContaining({ code: 'ICLOUD_CODE_NEEDED', status: 'error' })]);
    const code = scene.icloud.account.latestCode ?? '';
    await expect(running.submit({ code: code === '000000' ? '000001' : '000000' })).rejects.toMatchObject({ code: 'ICLOUD_CODE_WRONG' });
    const outcome = await running.submit({ code });
    expect(outcome).toMatchObject({ kind: 'done', emits: [{ subject: 'media.ingest.requested', payload: { source: 'icloud' } }] });
    expect(await scene.read(running)).toEqual(done);
    expect(await scene.assets()).toHaveLength(1);
    expect(scene.icloud.account).toMatchObject({ pushes: 1, signIns: 1 });
    expect(JSON.stringify(await scene.database.log.list({ limit: 99 }))).not.toContain(code);
    // By another process already, before this one came to read the message.
    expect(await running.submit({ code })).toMatchObject({ kind: 'skip', reason: expect.stringContaining('signed in') as unknown });
  });

  it('ends a run that is to end, with the reason', async () => {
    expect(await scene.read(scene.service({ PIPELINE_EXECUTION_MODE: 'single' }))).toMatchObject({ kind: 'dead', code: 'ICLOUD_CODE_NEEDED' });
  });

  it.each([
    ['a wrong password', () => void (scene.icloud.account.password = 'another'), 'ICLOUD_PASSWORD_WRONG'],
    ['security keys', () => void (scene.icloud.account.securityKeys = true), 'ICLOUD_SECURITY_KEYS'],
    ['a locked account', () => void (scene.icloud.account.locked = true), 'ICLOUD_ACCOUNT_LOCKED'],
  ])('is said in words: %s', async (_what, prepare, code) => {
    const settings = scene.settings();
    prepare();
    const running = scene.service(settings);
    expect(await scene.read(running)).toMatchObject({ kind: 'skip' });
    expect(await scene.database.log.list({ limit: 9 })).toEqual([expect.objectContaining({ code, status: 'error' })]);
    const tried = scene.icloud.traffic.count('signin/complete');
    await scene.read(running);
    expect(scene.icloud.traffic.count('signin/complete')).toBe(tried);
    expect(await scene.database.log.list({ limit: 9 })).toHaveLength(1);
  });

  it('is asked of nobody while it is off, or nameless', async () => {
    expect(await scene.read(scene.service({ ENABLE_ICLOUD_DOWNLOAD: 'false' }))).toMatchObject({ kind: 'skip' });
    expect(await scene.read(scene.service(), { source: 'folder' })).toMatchObject({ kind: 'skip' });
    expect(scene.icloud.traffic.requests).toHaveLength(0);
  });
});

describe('what goes wrong on the way', () => {
  const prepared = async (): Promise<void> => {
    for (let n = 0; n < 6; n++) await add(photos, `IMG_${n}.HEIC`, `content ${n} `.repeat(2_000));
    await scene.signIn();
  };
  const outcomeOf = async (times: number, service = scene.service()): Promise<Outcome> => {
    let outcome = await scene.read(service);
    for (let time = 1; time < times && outcome.kind === 'retry'; time++) outcome = await scene.read(service);
    return outcome;
  };

  it('is overcome: bad answers, bad bytes, bad moments', async () => {
    await prepared();
    const { faults } = scene.icloud;
    const letters = await scene.bus.deadLetters.count();
    for (const fault of ['download.flip', 'download.truncate', 'download.html', 'download.410', 'download.ignoreRange', 'download.drop', 'lookup.recordError', 'query.emptyPage', 'query.splitPairs', 'query.recordError'] as const) faults.once(fault, 2);
    expect(await outcomeOf(3)).toEqual(done);
    expect((await scene.fates()).every((fate) => fate.endsWith(': discovered'))).toBe(true);
    expect(await scene.assets()).toHaveLength(6);
    expect(new Set((await scene.originals()).values())).toEqual(new Set(Array.from({ length: 6 }, (_, n) => sha256(`content ${n} `.repeat(2_000)))));
    expect(await scene.bus.deadLetters.count()).toBe(letters);
  });

  it('with one photo leaves the others alone, and is told', async () => {
    const name = (await add(photos, 'IMG_bad.HEIC', 'bad')).recordName;
    await prepared();
    const bad = photos.content(photos.get(name).resources[0]?.checksum ?? '');
    if (bad) Object.assign(bad.source, { data: Buffer.from('bud') });
    expect(await scene.read()).toEqual(done);
    const fates = await scene.fates();
    expect(fates.filter((fate) => fate.endsWith(': discovered'))).toHaveLength(6);
    expect(fates).toContain('PrimarySync/IMG_bad.HEIC: failed ICLOUD_CONTENT_MISMATCH');
    const letters = await scene.bus.deadLetters.list();
    expect(letters.at(-1)).toMatchObject({ code: 'ICLOUD_CONTENT_MISMATCH' });
    for (const { sequence } of letters) await scene.bus.deadLetters.drop(sequence);
    expect([...(await scene.originals()).keys()].some((file) => file.includes('bad') || file.includes('parts'))).toBe(false);
    // it is not fetched again by itself
    expect(await scene.read()).toEqual(done);
    expect(await scene.fates()).toEqual(fates);
  }, 120_000);

  it('waits where Apple asks for it', async () => {
    await prepared();
    scene.icloud.faults.retryAfterSeconds = 4_000;
    scene.icloud.faults.always('any.429');
    const outcome = await scene.read();
    expect(outcome).toMatchObject({ kind: 'retry' });
    expect(outcome.kind === 'retry' && outcome.afterMs).toBeGreaterThan(3_900_000);
    expect(await scene.read(scene.service({ PIPELINE_EXECUTION_MODE: 'single' }))).toMatchObject({ kind: 'dead', code: 'ICLOUD_RATE_LIMITED' });
    expect(scene.icloud.account.signIns).toBe(1);
  });

  it('does not overwrite what the library does not know', async () => {
    await add(photos, 'IMG_1.HEIC', 'mine');
    await scene.signIn();
    const stranger = path.join(scene.root, 'originals/icloud/2021/05');
    await mkdir(stranger, { recursive: true });
    await writeFile(path.join(stranger, 'IMG_1.HEIC'), 'his!');
    await utimes(path.join(stranger, 'IMG_1.HEIC'), 1, 1);
    await scene.read();
    expect((await scene.onlyAsset()).files[0]?.path).toBe('originals/icloud/2021/05/IMG_1 (2).HEIC');
    expect(await readFile(path.join(stranger, 'IMG_1.HEIC'), 'utf8')).toBe('his!');
  });
});
