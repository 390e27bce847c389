import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import type { FaultName } from '@media-pipeline/local-icloud';
import { contentOf, type UploadOutcome } from '..';
import { scenario, type Scene } from './scene';
import { assetsWith, newFile, uploading } from './upload-library';

const minute = 60_000;
const photo = async (scene: Scene, bytes = 3000) => await newFile(scene.folder, 'IMG_1.JPG', Buffer.concat([Buffer.of(0xff, 0xd8, 0xff, 0xe0), randomBytes(bytes - 4)]));

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

describe('faults on the way', () => {
  const overcome: readonly (readonly [FaultName, number])[] = [
    ['createUploadUrl.429', 1],
    ['createUploadUrl.503', 2],
    ['createUploadUrl.drop', 2],
    ['createUploadUrl.dropAfter', 1],
    ['createUploadUrl.421', 1],
    ['upload.429', 2],
    ['upload.503', 1],
    ['upload.drop', 3],
    ['upload.dropAfter', 2],
    ['upload.410', 1],
    ['upload.403', 1],
    ['upload.truncated', 1],
    ['upload.flip', 2],
    ['upload.slow', 1],
    ['putAsset.429', 2],
    ['putAsset.421', 1],
    ['service.421', 1],
    ['service.450', 1],
    ['any.429', 2],
    ['uploadStatus.404', 9],
    ['uploadStatus.drop', 2],
    ['uploadStatus.503', 2],
    ['uploadStatus.dropAfter', 1],
    ['lookup.recordError', 2],
  ];
  it.each(overcome)('%s, %i times, costs time and nothing else', async (fault, times) => {
    await scenario({}, async (scene) => {
      const { icloud } = scene;
      icloud.faults.slowMs = 20;
      const { uploads } = await uploading(scene);
      const file = await photo(scene, 400_000);
      await uploads.readIndex();
      icloud.faults.once(fault, times);
      const outcome = await uploads.upload(file);
      expect(outcome).toMatchObject({ kind: 'created' });
      expect(await uploads.waitUntilSeen([{ ...file, ...(outcome as { recordName: string; jobId: string }) }])).toMatchObject([{ kind: 'seen', presence: { kind: 'there' } }]);
      expect(icloud.faults.hits(fault)).toBeGreaterThan(0);
      expect(icloud.uploads.copies()).toEqual(new Map([[file.sha256, 1]]));
      expect(assetsWith(icloud, file)).toHaveLength(1);
      expect(scene.counts.signIns).toBe(1);
    })();
  });

  const lost: readonly FaultName[] = ['putAsset.dropAfter', 'putAsset.file503taken'];
  it.each(lost)('%s: the asset is found by looking, and put once', async (fault) => {
    await scenario({}, async (scene) => {
      const { icloud } = scene;
      icloud.uploads.duplicatesKnown = 'when indexed';
      const { uploads } = await uploading(scene);
      const file = await photo(scene);
      icloud.faults.once(fault);
      const outcome = await uploads.upload(file);
      expect(outcome).toMatchObject({ kind: 'created', recordName: icloud.uploads.assets[0]?.names.asset });
      expect(icloud.uploads.requests.putAsset).toBe(1);
      expect(assetsWith(icloud, file)).toHaveLength(1);
    })();
  });

  const notTaken: readonly (readonly [FaultName, string])[] = [
    ['putAsset.drop', 'ICLOUD_UNREACHABLE'],
    ['putAsset.503', 'ICLOUD_RATE_LIMITED'],
    ['putAsset.file503', 'ICLOUD_RATE_LIMITED'],
  ];
  it.each(notTaken)('%s: nothing was made, which a look tells; the next upload makes it', async (fault, code) => {
    await scenario({}, async (scene) => {
      const { icloud } = scene;
      const { uploads } = await uploading(scene);
      const file = await photo(scene);
      icloud.faults.once(fault);
      const began = scene.clock.now();
      expect(await uploads.upload(file)).toMatchObject({ kind: 'retryable', code, mayHaveArrived: true });
      expect(scene.clock.now() - began).toBeGreaterThanOrEqual(120_000);
      expect(icloud.uploads.requests.putAsset).toBe(1);
      expect(await uploads.present([{ ...file, putAt: new Date(began) }])).toEqual([{ kind: 'absent' }]);
      expect(await uploads.upload(file)).toMatchObject({ kind: 'created' });
      expect(icloud.uploads.copies()).toEqual(new Map([[file.sha256, 1]]));
    })();
  });

  const refused: readonly (readonly [FaultName, string])[] = [
    ['createUploadUrl.quota', 'ICLOUD_STORAGE_FULL'],
    ['putAsset.file413', 'ICLOUD_STORAGE_FULL'],
    ['putAsset.file415', 'ICLOUD_TYPE_REFUSED'],
  ];
  it.each(refused)('%s is a refusal: %s', async (fault, code) => {
    await scenario({}, async (scene) => {
      const { uploads } = await uploading(scene);
      const file = await photo(scene);
      scene.icloud.faults.once(fault);
      expect(await uploads.upload(file)).toMatchObject({ kind: 'refused', code });
      expect(scene.icloud.uploads.assets).toEqual([]);
    })();
  });

  const given: readonly (readonly [FaultName, string])[] = [
    ['upload.410', 'ICLOUD_URL_EXPIRED'],
    ['upload.403', 'ICLOUD_URL_EXPIRED'],
    ['upload.drop', 'ICLOUD_UNREACHABLE'],
    ['upload.flip', 'ICLOUD_CONTENT_MISMATCH'],
    ['upload.truncated', 'ICLOUD_ANSWER_UNKNOWN'],
    ['upload.503', 'ICLOUD_RATE_LIMITED'],
    ['createUploadUrl.drop', 'ICLOUD_UNREACHABLE'],
    ['createUploadUrl.403', 'ICLOUD_ANSWER_UNKNOWN'],
    ['putAsset.403', 'ICLOUD_ANSWER_UNKNOWN'],
  ];
  it.each(given)('%s without end is given up after a few requests: %s', async (fault, code) => {
    await scenario({}, async (scene) => {
      const { uploads } = await uploading(scene);
      const file = await photo(scene);
      scene.icloud.faults.always(fault);
      expect(await uploads.upload(file)).toMatchObject({ kind: 'retryable', code, mayHaveArrived: false });
      expect(scene.icloud.faults.hits(fault)).toBeLessThanOrEqual(7);
      expect(scene.icloud.uploads.assets).toEqual([]);
    })();
  });

  it(
    'is silent for as long as it is told, and says until when where that is long',
    scenario({}, async (scene) => {
      const { uploads } = await uploading(scene);
      const file = await photo(scene);
      scene.icloud.faults.retryAfterSeconds = 40;
      scene.icloud.faults.once('upload.503');
      const began = scene.clock.now();
      expect(await uploads.upload(file)).toMatchObject({ kind: 'created' });
      expect(scene.clock.now() - began).toBeGreaterThanOrEqual(40_000);
      scene.icloud.faults.retryAfterSeconds = 3600;
      scene.icloud.faults.once('upload.429');
      const until = new Date(scene.clock.now() + 3_600_000);
      const late = await photo(scene);
      expect(await uploads.upload(late)).toMatchObject({ kind: 'retryable', code: 'ICLOUD_RATE_LIMITED', notBefore: until });
      expect(await uploads.upload(late)).toMatchObject({ kind: 'retryable', code: 'ICLOUD_RATE_LIMITED', notBefore: until });
    }),
  );

  it(
    'says honestly that an asset does not appear',
    scenario({}, async (scene) => {
      const { uploads } = await uploading(scene);
      const file = await photo(scene);
      scene.icloud.faults.once('putAsset.neverIndexed');
      const outcome = await uploads.upload(file);
      const began = scene.clock.now();
      expect(await uploads.waitUntilSeen([{ ...file, ...(outcome as { recordName: string; jobId: string }) }], { forMs: 90_000 })).toEqual([{ kind: 'not_seen' }]);
      expect(scene.clock.now() - began).toBeGreaterThanOrEqual(90_000);
      expect(scene.clock.now() - began).toBeLessThan(100_000);
    }),
  );

  it(
    'goes on with a new session when the old one ends between bytes and put, and stops where a code is needed, with nothing put',
    scenario({}, async (scene) => {
      const { uploads } = await uploading(scene);
      expect(await uploads.upload(await photo(scene), { beforePut: async () => scene.icloud.account.expireSession() })).toMatchObject({ kind: 'created' });
      const beforePut = async (): Promise<void> => {
        scene.icloud.account.expireSession({ loginToken: true });
        scene.icloud.account.revokeTrust();
      };
      expect(await scene.refusal(uploads.upload(await photo(scene), { beforePut }))).toBe('ICLOUD_CODE_NEEDED');
      expect(scene.icloud.uploads.assets).toHaveLength(1);
    }),
  );

  it.each(['createUploadUrl.dead', 'upload.dead', 'putAsset.dead', 'uploadStatus.dead'] as const)('%s: stops at the signal', async (fault) => {
    await scenario({}, async (scene) => {
      const { uploads } = await uploading(scene);
      const file = await photo(scene);
      const stop = new AbortController();
      const why = new Error('the stage is closing');
      scene.icloud.faults.once(fault);
      const work = uploads.upload(file, { signal: stop.signal }).then(async (outcome) => await uploads.waitUntilSeen([{ ...file, ...(outcome as { recordName: string; jobId: string }) }], { signal: stop.signal }));
      const ended = expect(work).rejects.toBe(why);
      while (scene.icloud.faults.hits(fault) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      stop.abort(why);
      await ended;
    })();
  });

  it(
    'ends before the put when it may not be written down',
    scenario({}, async (scene) => {
      const { uploads } = await uploading(scene);
      const full = new Error('no space left');
      await expect(uploads.upload(await photo(scene), { beforePut: async () => await Promise.reject(full) })).rejects.toBe(full);
      expect(scene.icloud.uploads.requests.putAsset).toBe(0);
    }),
  );
});

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
