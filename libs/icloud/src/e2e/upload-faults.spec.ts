import type { FaultName } from '@media-pipeline/local-icloud';
import { scenario } from './scene';
import { assetsWith, photo, uploading } from './upload-library';

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
  'says before each put that it goes out, at that moment',
  scenario({}, async (scene) => {
    const { uploads } = await uploading(scene);
    const puts: number[] = [];
    scene.icloud.faults.retryAfterSeconds = 50;
    scene.icloud.faults.once('putAsset.429', 2);
    expect(await uploads.upload(await photo(scene), { beforePut: async () => void puts.push(scene.clock.now()) })).toMatchObject({ kind: 'created' });
    expect(puts).toHaveLength(3);
    expect(puts.at(-1)).toBe(scene.icloud.uploads.assets[0]?.at);
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
    let puts = 0;
    const endOnce = async (): Promise<void> => {
      if ((puts += 1) === 1) scene.icloud.account.expireSession();
    };
    expect(await uploads.upload(await photo(scene), { beforePut: endOnce })).toMatchObject({ kind: 'created' });
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
    expect(scene.icloud.uploads.requests).toMatchObject({ upload: 1, putAsset: 0 });
  }),
);
