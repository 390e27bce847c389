import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Frame, Page } from 'puppeteer-core';
import { ManualClock } from '../clock';
import { readSynthetic } from '../photos/synthetic';
import { LocalICloud } from '../server';
import { frameIn, photosWith, propertyOf, saying, signIn, textsOf, Visitor } from '../spec-support/browser';

const uploadButton = '>>> button[aria-label="Upload"]';
const input = '>>> input[type=file]' as const;
const alertBox = '>>> [role=alertdialog]';

describe('the web page in Chromium', () => {
  const clock = new ManualClock(Date.UTC(2026, 10, 20));
  let visitor: Visitor;
  let folder: string;
  let cloud: LocalICloud;
  let page: Page;

  beforeAll(async () => {
    visitor = await Visitor.arrive();
    folder = await mkdtemp(path.join(tmpdir(), 'local-icloud-page-'));
  });
  afterAll(async () => {
    expect(await visitor.leave()).toEqual([]);
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    cloud = await LocalICloud.start({ clock, account: { iterations: 1000 } });
    cloud.page.controlAfterMs = 20;
    page = await visitor.page(cloud);
  });
  afterEach(async () => {
    await page.browserContext().close();
    await cloud.close();
  });

  /** Files with made-up photos: their paths, and the SHA-256 of each. */
  async function photos(...names: readonly string[]): Promise<{ paths: string[]; hashes: string[] }> {
    const made = names.map((name, at) => ({ path: path.join(folder, name), bytes: Buffer.concat([...readSynthetic({ format: name.endsWith('MOV') ? 'mov' : 'jpeg', seed: at + 1, bytes: 5000 })]) }));
    for (const file of made) await writeFile(file.path, file.bytes);
    return { paths: made.map((file) => file.path), hashes: made.map(({ bytes }) => createHash('sha256').update(bytes).digest('hex')) };
  }

  async function open(): Promise<Frame> {
    cloud.account.secondFactor = false;
    await signIn(page, cloud);
    return photosWith(page, uploadButton);
  }

  async function choose(frame: Frame, paths: readonly string[], selector = uploadButton): Promise<void> {
    const [chooser] = await Promise.all([page.waitForFileChooser(), frame.click(selector)]);
    await chooser.accept([...paths]);
  }

  it('signs in with password, code and trust, in a frame, and sets the session’s cookies', async () => {
    await signIn(page, cloud, { remember: true, wrongCodeFirst: true });
    await photosWith(page, uploadButton);
    expect(cloud.account).toMatchObject({ signIns: 1, pushes: 1, accountLogins: 1 });
    expect(cloud.account.trustTokens).toHaveLength(1);
    const cookies = await page.browserContext().cookies();
    expect(cookies.map(({ name }) => name)).toEqual(expect.arrayContaining(['X-APPLE-WEBAUTH-TOKEN', 'X-APPLE-WEBAUTH-USER', 'X-APPLE-WEBAUTH-PCS-Photos']));
    expect(cookies.find(({ name }) => name === 'X-APPLE-WEBAUTH-TOKEN')).toMatchObject({ httpOnly: true, secure: true, session: false });

    const [frame] = page.frames().filter((each) => each.url().includes('/applications/photos3/current/en-us/index.html'));
    expect(frame?.parentFrame()).toBe(page.mainFrame());
    await page.reload();
    await photosWith(page, uploadButton);
    expect(cloud.account).toMatchObject({ signIns: 1, accountLogins: 1 });
  });

  it('says what is wrong with a password', async () => {
    cloud.account.secondFactor = false;
    await signIn(page, cloud, { password: 'not the one' });
    const widget = await frameIn(page, '#aid-auth-widget-iFrame');
    await saying(widget, '#errMsg', 'Check the account information you entered');
    expect(cloud.account).toMatchObject({ signIns: 0, wrongPasswords: 1 });
  });

  it('shows a frame at once, and the control for uploads only later', async () => {
    cloud.page.controlAfterMs = 400;
    await open();
    const places: string[] = [];
    page.on('framenavigated', (frame) => places.push(new URL(frame.url()).hash));
    await page.reload();
    const wheel = await photosWith(page, '[role=progressbar][aria-label="Loading Photos"]');
    expect(await wheel.$(uploadButton)).toBeNull();
    await photosWith(page, uploadButton);
    expect(places.length).toBeGreaterThan(1);
    expect(places.at(-1)).toBe('#/library');
  });

  it('uploads three files: progress, completion, and records that say so', async () => {
    const { paths, hashes } = await photos('IMG_1.JPG', 'IMG_2.JPG', 'IMG_3.MOV');
    const frame = await open();
    cloud.faults.slowMs = 200;
    cloud.faults.once('upload.slow', 3);
    await choose(frame, paths);
    await saying(frame, '>>> [role=status]', 'Uploading 1 of 3');
    await saying(frame, '>>> [role=status]', 'Uploaded 3 items');
    expect(cloud.uploads.assets.map(({ fileName, sha256 }) => [fileName, sha256])).toEqual([['IMG_1.JPG', hashes[0]], ['IMG_2.JPG', hashes[1]], ['IMG_3.MOV', hashes[2]]]);
    expect(cloud.uploads.requests).toMatchObject({ createUploadUrl: 1, upload: 3, putAsset: 1 });
    expect(cloud.library.assets()).toEqual([]);
    clock.advance(20_000);
    expect(cloud.library.assets()).toHaveLength(3);
    expect(cloud.page.misclicks).toEqual([]);
  });

  it('takes files at its hidden input too, and knows what is there already', async () => {
    const { paths } = await photos('IMG_1.JPG', 'IMG_2.JPG');
    const frame = await open();
    const hidden = await frame.$(input);
    expect(await hidden?.isVisible()).toBe(false);
    expect(await propertyOf(hidden, 'accept')).toBe('image/*,video/*');
    await hidden?.uploadFile(...paths.slice(0, 1));
    await saying(frame, '>>> [role=status]', 'Uploaded 1 item');
    await choose(frame, paths);
    await saying(frame, '>>> [role=status]', '1 item was already in your library');
    expect([...cloud.uploads.copies().values()]).toEqual([1, 1]);
  });

  it('refuses more files at once than it takes', async () => {
    cloud.page.maxFiles = 2;
    const { paths } = await photos('IMG_1.JPG', 'IMG_2.JPG', 'IMG_3.JPG');
    const frame = await open();
    await choose(frame, paths);
    await saying(frame, alertBox, 'You can upload up to 2 items at a time');
    expect(cloud.uploads.requests.createUploadUrl).toBe(0);
  });

  it('names what failed, and what it does not take', async () => {
    const { paths } = await photos('IMG_1.JPG', 'IMG_2.JPG', 'IMG_3.JPG', 'IMG_4.HEIC');
    const frame = await open();
    cloud.faults.after('putAsset.file500', 1);
    await choose(frame, paths);
    await saying(frame, alertBox, 'This item can’t be uploaded');
    expect(await textsOf(frame, `${alertBox} li`)).toEqual(['IMG_4.HEIC']);
    await frame.click(`${alertBox} button`);
    await saying(frame, alertBox, 'There was a problem uploading 1 item due to a server error.');
    expect(await textsOf(frame, `${alertBox} li`)).toEqual(['IMG_2.JPG']);
    await saying(frame, '>>> [role=status]', 'Uploaded 2 items');
  });

  it('tries again what may be tried again', async () => {
    const { paths } = await photos('IMG_1.JPG', 'IMG_2.JPG');
    const frame = await open();
    cloud.faults.once('putAsset.file503');
    await choose(frame, paths);
    await saying(frame, '>>> [role=status]', 'Uploaded 2 items');
    expect(cloud.uploads.requests.putAsset).toBe(2);
  });

  it('says that the storage is full', async () => {
    cloud.uploads.quotaBytes = 6000;
    cloud.page.filesPerRequest = 1;
    const { paths } = await photos('IMG_1.JPG', 'IMG_2.JPG', 'IMG_3.JPG');
    const frame = await open();
    await choose(frame, paths);
    await saying(frame, alertBox, 'iCloud storage is full');
    expect(cloud.uploads.assets).toHaveLength(1);
  });

  it('goes back to the sign-in when the session ends in mid-batch', async () => {
    cloud.page.filesPerRequest = 1;
    const { paths } = await photos('IMG_1.JPG', 'IMG_2.JPG', 'IMG_3.JPG');
    const frame = await open();
    cloud.faults.after('createUploadUrl.421', 2);
    await choose(frame, paths);
    await page.waitForSelector('.sign-in-button');
    expect(new URL(page.url()).pathname).toBe('/');
    expect(cloud.uploads.assets.map(({ fileName }) => fileName)).toEqual(['IMG_1.JPG', 'IMG_2.JPG']);
    await signIn(page, cloud);
    await photosWith(page, uploadButton);
  });

  it('stands still when an upload is dead', async () => {
    const { paths } = await photos('IMG_1.JPG');
    const frame = await open();
    cloud.faults.once('upload.dead');
    await choose(frame, paths);
    await saying(frame, '>>> [role=status]', 'Uploading 1 of 1');
    while (cloud.faults.hits('upload.dead') === 0) await delay(10);
    expect(await textsOf(frame, '>>> [role=status]')).toEqual(['Uploading 1 of 1']);
    expect(cloud.uploads.requests.putAsset).toBe(0);
  });

  it('loses an answer after iCloud took the files, and calls them failed', async () => {
    const { paths } = await photos('IMG_1.JPG', 'IMG_2.JPG');
    const frame = await open();
    // not once: a browser sends anew, by itself, what broke on a connection that it had used before
    cloud.faults.always('putAsset.dropAfter');
    await choose(frame, paths);
    await saying(frame, alertBox, 'There was a problem uploading 2 items');
    clock.advance(20_000);
    expect(cloud.library.assets()).toHaveLength(2);
  });

  it('says so where web access to encrypted data is missing', async () => {
    const { paths } = await photos('IMG_1.JPG');
    const frame = await open();
    cloud.account.webAccessOff = true;
    await choose(frame, paths);
    await saying(frame, alertBox, 'Photos is not available');
  });

  it('redesigned, has other words at another place, and a file input only when its control is pressed', async () => {
    cloud.page.design = 'redesign';
    await page.reload();
    cloud.account.secondFactor = false;
    await signIn(page, cloud);
    const frame = await photosWith(page, '[aria-label="Neu"], [data-action=compose]');
    expect(frame.url()).toContain('/applications/library1/current/de-de/index.html');
    expect(await frame.$(input)).toBeNull();
    expect(await frame.$(uploadButton)).toBeNull();
    await frame.click('::-p-text(Filtern)');
    const { paths } = await photos('IMG_1.JPG', 'IMG_2.JPG', 'IMG_3.JPG', 'IMG_4.MP4');
    await choose(frame, paths, '[data-action=compose]');
    await saying(frame, 'dialog', 'Dieses Objekt kann nicht übertragen werden');
    await saying(frame, 'output', '3 Objekte übertragen');
    expect(cloud.uploads.assets).toHaveLength(3);
    expect(cloud.page.misclicks).toEqual(['Filtern']);
  });

  it('in another language keeps its structure', async () => {
    cloud.page.language = 'de-de';
    await page.reload();
    cloud.account.secondFactor = false;
    await signIn(page, cloud);
    await photosWith(page, '>>> button[aria-label="Hochladen"]');
  });

  it('unknown, has no control at all', async () => {
    cloud.page.design = 'unknown';
    cloud.account.secondFactor = false;
    await signIn(page, cloud);
    const frame = await photosWith(page, '::-p-text(What’s New in Photos)');
    expect(await frame.$(input)).toBeNull();
    await frame.click('button');
    while (cloud.page.misclicks.length === 0) await delay(10);
    expect(cloud.page.misclicks).toEqual(['Continue']);
  });
});
