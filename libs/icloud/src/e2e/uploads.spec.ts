import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { contentOf, type UploadOutcome } from '..';
import { scenario } from './scene';
import { assetsWith, newFile, photo, uploading } from './upload-library';

const minute = 60_000;

it(
  'uploads a file, sees it appear, and finds it from then on',
  scenario({}, async (scene) => {
    const { icloud } = scene;
    const { uploads } = await uploading(scene, { timeZone: 'Europe/Berlin' });
    const file = await photo(scene, 3_000_000);
    expect(await uploads.present([file])).toEqual([{ kind: 'absent' }]);
    const steps: number[] = [];
    const outcome = await uploads.upload(file, { progress: (bytes) => steps.push(bytes) });
    expect(outcome).toEqual({ kind: 'created', recordName: expect.any(String), masterName: file.checksum, jobId: expect.stringContaining('#PrimarySync:') });
    expect(steps.at(-1)).toBe(file.bytes);
    expect(icloud.uploads.assets).toMatchObject([{ fileName: 'IMG_1.JPG', sha256: file.sha256, bytes: file.bytes, lastModDate: file.modifiedAt.getTime() }]);
    expect(icloud.uploads.uploadsWithCookies).toBe(0);

    const { recordName } = outcome as Extract<UploadOutcome, { kind: 'created' }>;
    const began = scene.clock.now();
    expect(await uploads.waitUntilSeen([{ ...file, ...(outcome as { recordName: string }) }])).toEqual([{ kind: 'seen', proof: 'checksum', presence: { kind: 'there', recordName, masterName: file.checksum, role: 'original' } }]);
    expect(scene.clock.now() - began).toBeGreaterThanOrEqual(14_000);
    expect(scene.clock.now() - began).toBeLessThan(40_000);
    expect(await uploads.present([file])).toMatchObject([{ kind: 'there', recordName }]);
    expect(assetsWith(icloud, file)).toEqual([recordName]);
    expect(icloud.library.get(recordName)).toMatchObject({ filename: 'IMG_1.JPG' });
  }),
);

it(
  'sees what another client has uploaded, without any name',
  scenario({}, async (scene) => {
    const one = await uploading(scene);
    const file = await photo(scene);
    await one.uploads.upload(file);
    const other = await uploading(scene);
    expect(await other.uploads.waitUntilSeen([{ checksum: file.checksum, bytes: file.bytes }])).toMatchObject([{ kind: 'seen', presence: { kind: 'there' } }]);
  }),
);

it(
  'takes 409 for what it is, and looks where the asset is',
  scenario({}, async (scene) => {
    const { uploads } = await uploading(scene);
    const file = await photo(scene);
    const made = await uploads.upload(file);
    scene.clock.advance(minute);
    const again = await uploads.upload(file);
    expect([made.kind, again.kind]).toEqual(['created', 'already_there']);
    const { recordName } = made as { recordName: string };
    expect(again).toMatchObject({ recordName });
    scene.icloud.library.trash(recordName);
    expect(await uploads.waitUntilSeen([{ ...file, recordName }])).toMatchObject([{ kind: 'seen', presence: { kind: 'trashed' } }]);
    expect(await uploads.present([file])).toMatchObject([{ kind: 'trashed', recordName }]);
    scene.icloud.library.restore(recordName);
    scene.icloud.library.hide(recordName);
    expect(await uploads.present([file])).toMatchObject([{ kind: 'hidden', recordName }]);
  }),
);

it(
  'tells an asset with another content, and a job that failed, from one that is not there yet',
  scenario({}, async (scene) => {
    const { uploads, account } = await uploading(scene);
    const [recordName = ''] = scene.icloud.library.addSynthetic(1);
    const file = await photo(scene);
    const began = scene.clock.now();
    expect(await uploads.waitUntilSeen([{ ...file, recordName }])).toMatchObject([{ kind: 'other', recordName, checksum: expect.stringMatching(/^A/) }]);
    const call = account.call.bind(account);
    account.call = async (service, path, request) => (path.endsWith('/uploadStatus') ? { job: { errorCode: 500 } } : await call(service, path, request));
    expect(await uploads.waitUntilSeen([{ ...file, jobId: 'job' }])).toEqual([{ kind: 'failed', errorCode: 500 }]);
    expect(scene.clock.now() - began).toBeLessThan(1000);
  }),
);

it(
  'makes one asset of one content that is uploaded twice at once',
  scenario({}, async (scene) => {
    scene.icloud.uploads.duplicatesKnown = 'when indexed';
    const { uploads } = await uploading(scene);
    const file = await photo(scene);
    const outcomes = await Promise.all([uploads.upload(file), uploads.upload({ ...file, name: 'copy.jpg' }), uploads.upload(file)]);
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['already_there', 'already_there', 'created']);
    expect(scene.icloud.uploads.copies()).toEqual(new Map([[file.sha256, 1]]));
  }),
);

it(
  'puts nothing when the file is not the one it was told of',
  scenario({}, async (scene) => {
    const { uploads } = await uploading(scene);
    const file = await photo(scene, 600_000);
    await writeFile(file.path, randomBytes(600_000));
    expect(await scene.refusal(uploads.upload(file))).toBe('CONTENT_CHANGED');
    await writeFile(file.path, randomBytes(600_001));
    expect(await scene.refusal(uploads.upload(file))).toBe('CONTENT_CHANGED');
    await writeFile(file.path, '');
    expect(await scene.refusal(uploads.upload(file))).toBe('CONTENT_CHANGED');
    expect(await scene.refusal(uploads.upload({ ...file, ...(await contentOf(file.path)) }))).toBe('FILE_EMPTY');
    expect(await scene.refusal(uploads.upload({ ...file, path: `${file.path}x` }))).toBe('FILE_MISSING');
    expect(scene.icloud.uploads.requests.putAsset).toBe(0);
  }),
);

it(
  'with everything at random, each of 40 files is in iCloud once',
  scenario({ signInLimit: { count: 1000, windowMs: 3_600_000, status: 429 } }, async (scene) => {
    const { icloud } = scene;
    icloud.uploads.duplicatesKnown = 'when indexed';
    icloud.faults.slowMs = 5;
    const { uploads } = await uploading(scene, { settleMs: 60_000 });
    const files = await Promise.all(Array.from({ length: 40 }, async (_, n) => await newFile(scene.folder, `IMG_${n}.JPG`)));
    await uploads.readIndex();
    for (const fault of ['drop', 'any.503', 'createUploadUrl.dropAfter', 'upload.410', 'upload.truncated', 'upload.flip', 'upload.dropAfter', 'upload.503', 'putAsset.drop', 'putAsset.dropAfter', 'putAsset.503', 'putAsset.429', 'putAsset.421', 'putAsset.file500', 'putAsset.file503', 'putAsset.file503taken', 'uploadStatus.404', 'query.throttled', 'lookup.recordError'] as const)
      icloud.faults.withProbability(fault, 0.06);
    const putAt = new Map<string, Date>();
    const seen = new Set<string>();
    for (let rounds = 0; seen.size < files.length && rounds < 30; rounds++) {
      const open = files.filter(({ sha256 }) => !seen.has(sha256));
      const presences = await uploads.present(open.map((file) => ({ ...file, putAt: putAt.get(file.sha256) ?? null }))).catch(() => null);
      if (presences === null) continue;
      await Promise.all(
        open.map(async (file, at) => {
          if (presences[at]?.kind === 'there') return void seen.add(file.sha256);
          await uploads.upload(file, { beforePut: async () => void putAt.set(file.sha256, new Date(scene.clock.now())) }).catch(() => null);
        }),
      );
    }
    expect(seen.size).toBe(files.length);
    scene.clock.advance(minute);
    expect([...icloud.uploads.copies().values()]).toEqual(Array(40).fill(1));
    expect(files.map((file) => assetsWith(icloud, file).length)).toEqual(Array(40).fill(1));
  }),
);
