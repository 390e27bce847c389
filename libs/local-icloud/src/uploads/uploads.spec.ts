import { createHash } from 'node:crypto';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { ManualClock } from '../clock';
import type { FaultName } from '../faults';
import { fileChecksum } from '../photos/content';
import { readSynthetic } from '../photos/synthetic';
import type { SyntheticFormat } from '../photos/synthetic';
import { eachWithItsOwnICloud } from '../spec-support/own-icloud';
import { UploadSteps } from '../spec-support/upload-steps';
import type { LocalICloud } from '../server';
import type { WebClient } from '../spec-support/web-client';

const media = (format: SyntheticFormat, seed = 1, bytes = 3000) => Buffer.concat([...readSynthetic({ format, seed, bytes })]);
const photo = (seed: number) => ({ name: `IMG_${String(seed)}.JPG`, bytes: media('jpeg', seed) });
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('the upload service', () => {
  const clock = new ManualClock(Date.UTC(2026, 10, 20));
  let cloud: LocalICloud;
  let client: WebClient;
  let steps: UploadSteps;
  eachWithItsOwnICloud(clock, (opened) => {
    ({ cloud, client } = opened);
    steps = new UploadSteps(client);
  });
  beforeEach(() => client.signInFully());

  it('reserves, takes bytes without a session, registers, and shows the records after 14 to 20 seconds', async () => {
    const { bytes, name } = photo(1);
    const { syncToken } = await steps.changes();
    const checksum = fileChecksum(bytes);
    const url = await steps.createUrl(bytes.length);
    expect(url).toMatch(/\/12345678901\/singleFileUpload\?tk=[\w-]{40}&ref=[\w-]+&c=com\.apple\.imports\.fdb&z=PhotosUploadImport&uuid=only&dataclass=com\.apple\.Dataclass\.CloudKit&p=\d+&e=\d{10}&chunker=FIXED$/);
    const sent = await client.sendBytes(url, bytes);
    const { singleFile } = sent.body as { singleFile: { wrappingKey: string } };
    expect(Object.keys(singleFile).sort()).toEqual(['fileChecksum', 'receipt', 'referenceChecksum', 'size', 'wrappingKey']);
    expect(singleFile).toMatchObject({ fileChecksum: checksum, size: bytes.length });

    const { body } = await steps.put([{ name, receipt: singleFile }]);
    const [put] = body as { uploadJobId: string; cplMaster: string; cplAsset: string; response: object }[];
    expect(put).toEqual({ uploadJobId: `${checksum}#PrimarySync:${put?.cplAsset ?? ''}`, cplMaster: checksum, cplAsset: expect.stringMatching(/^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/), response: { status: 200, isRetryable: false } });
    clock.advance(13_999);
    expect(await steps.record(checksum)).toMatchObject({ serverErrorCode: 'NOT_FOUND' });
    expect((await steps.changes(syncToken)).names).toEqual([]);
    expect((await steps.status(put?.uploadJobId))[put?.uploadJobId ?? '']?.progress).toBeLessThan(96);
    clock.advance(6_001);
    const record = await steps.record(checksum);
    expect(record.fields).toMatchObject({ resOriginalFingerprint: { value: checksum }, resOriginalFileType: { value: 'public.jpeg' }, filenameEnc: { value: Buffer.from(name).toString('base64') } });
    expect(record.fields?.['resOriginalRes']?.value).toMatchObject({ fileChecksum: checksum, size: bytes.length, wrappingKey: singleFile.wrappingKey, downloadURL: expect.any(String) });
    expect((await steps.record(put?.cplAsset)).fields).toMatchObject({ masterRef: { value: { recordName: checksum } }, assetDate: { value: Date.UTC(2026, 4, 3) }, timeZoneOffset: { value: 7200 } });
    expect((await steps.changes(syncToken)).names.sort()).toEqual([checksum, put?.cplAsset].sort());
    expect(await steps.status(put?.uploadJobId, 'x#PrimarySync:y')).toEqual({ [put?.uploadJobId ?? '']: { progress: 100 }, 'x#PrimarySync:y': { errorCode: 404 } });
    expect(cloud.uploads.assets).toMatchObject([{ fileName: name, sha256: sha256(bytes), bytes: bytes.length, names: { master: checksum, asset: put?.cplAsset } }]);
    expect(cloud.uploads.uploadsWithCookies).toBe(0);
  });

  it('gives out the bytes that it took', async () => {
    const { bytes, name } = photo(2);
    await steps.upload({ name, bytes });
    clock.advance(20_000);
    const { value } = (await steps.record(fileChecksum(bytes))).fields?.['resOriginalRes'] ?? { value: null };
    const answer = await fetch((value as { downloadURL: string }).downloadURL.replace('${f}', name));
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
  });

  it.each(['at once', 'when indexed'] as const)('recognises the same bytes %s', async (known) => {
    cloud.uploads.duplicatesKnown = known;
    const { bytes } = photo(3);
    const firsts = await steps.upload({ name: 'A.JPG', bytes });
    const early = await steps.upload({ name: 'B.JPG', bytes });
    expect(early.map(({ response }) => response.status)).toEqual([known === 'at once' ? 409 : 200]);
    clock.advance(20_000);
    const [again] = await steps.upload({ name: 'C.JPG', bytes });
    expect([...firsts, ...early].map(({ cplAsset }) => cplAsset)).toContain(again?.cplAsset);
    expect(again).toEqual({ cplMaster: fileChecksum(bytes), cplAsset: again?.cplAsset, response: { status: 409, errorMessage: 'duplicate asset' } });
    expect([...cloud.uploads.copies()]).toEqual([[sha256(bytes), known === 'at once' ? 1 : 2]]);
  });

  it('recognises what was there before anything was uploaded, unless it is in Recently Deleted', async () => {
    const { bytes, name } = photo(4);
    const there = await cloud.library.add({ filename: 'OLD.JPG', original: { data: bytes, type: 'public.jpeg' } });
    expect(await steps.upload({ name, bytes })).toEqual([expect.objectContaining({ cplMaster: there.masterName, cplAsset: there.recordName })]);
    cloud.library.trash(there.recordName);
    const [anew] = await steps.upload({ name, bytes });
    expect(anew?.response.status).toBe(200);
    clock.advance(20_000);
    expect(cloud.library.assets().map(({ trashed, masterName }) => ({ trashed, masterName }))).toEqual(expect.arrayContaining([{ trashed: true, masterName: there.masterName }, { trashed: false, masterName: there.masterName }]));
  });

  it('counts two of the same in one request, and two requests at once, as duplicates', async () => {
    const { bytes } = photo(5);
    const twins = await steps.upload({ name: 'A.JPG', bytes }, { name: 'B.JPG', bytes });
    expect(twins.map(({ response }) => response.status)).toEqual([200, 409]);
    const receipt = await steps.receiptOf(photo(6).bytes);
    const answers = await Promise.all([steps.put([{ name: 'A.JPG', receipt }]), steps.put([{ name: 'A.JPG', receipt }])]);
    expect(answers.map(({ body }) => (body as { response: { status: number } }[])[0]?.response.status).sort()).toEqual([200, 409]);
  });

  it('knows JPEG, QuickTime, HEIC and MP4 by their bytes, and refuses what is set and what is no media', async () => {
    const mp4 = Buffer.from(media('mov'));
    mp4.write('isom', 8, 'latin1');
    const files = [
      { name: 'a.jpg', bytes: media('jpeg') },
      { name: 'b.mov', bytes: media('mov') },
      { name: 'c.heic', bytes: media('heic') },
      { name: 'd.mp4', bytes: mp4 },
      { name: 'e.jpg', bytes: Buffer.from('no photo at all') },
      { name: 'f.txt', bytes: Buffer.from('notes') },
    ];
    cloud.uploads.refusedTypes = ['public.heic', 'public.mpeg-4'];
    expect((await steps.upload(...files)).map(({ response }) => response.status)).toEqual([200, 200, 415, 415, 415, 415]);
    cloud.uploads.refusedTypes = [];
    expect((await steps.upload(...files)).map(({ response }) => response.status)).toEqual([409, 409, 200, 200, 415, 415]);
  });

  it('uploads into a shared library', async () => {
    const shared = cloud.library.addSharedLibrary();
    const [put] = await new UploadSteps(client, shared).upload(photo(7));
    expect(put?.response.status).toBe(200);
    clock.advance(20_000);
    expect(cloud.library.assets(shared).map(({ recordName }) => recordName)).toEqual([put?.cplAsset]);
    expect(await new UploadSteps(client, 'CMM-1').createUrls({ a: 1 })).toMatchObject({ status: 404 });
  });

  it('refuses at the signed URL: another token, another size, too late', async () => {
    const { bytes } = photo(8);
    const url = await steps.createUrl(bytes.length);
    expect(await client.sendBytes(url.replace('uuid=only', 'uuid=other'), bytes)).toMatchObject({ status: 403 });
    expect(await client.sendBytes(url, bytes.subarray(1))).toMatchObject({ status: 400, body: { errorReason: 'Received 2999 of 3000 bytes' } });
    clock.advance(cloud.uploads.urlLifetimeMs);
    expect(await client.sendBytes(url, bytes)).toMatchObject({ status: 410 });
  });

  it('refuses a receipt that was changed, and bodies of other shapes', async () => {
    const receipt = await steps.receiptOf(photo(9).bytes);
    expect((await steps.put([{ name: 'A.JPG', receipt: { ...receipt, size: 1 } }])).body).toMatchObject([{ response: { status: 400, isRetryable: false } }]);
    expect(await client.post('/photosupload/uploadStatus', ['job'])).toMatchObject({ status: 400 });
    expect(await client.post('/photosupload/uploadStatus', { uploadJobIds: [], more: 1 })).toMatchObject({ status: 400 });
    expect(await client.post('/photosupload/putAsset', { zoneName: 'PrimarySync', files: [] })).toMatchObject({ status: 400 });
    expect(await client.post('/photosupload/createUploadUrl', { zoneName: 'PrimarySync', assets: { a: 0 } })).toMatchObject({ status: 400 });
  });

  it('asks for the session as the photo service does, and answers 410 where uploads once went', async () => {
    expect(await client.post('/upload', {})).toMatchObject({ status: 410, body: { errorReason: 'Gone', errorCode: 410 } });
    cloud.account.advancedDataProtection = true;
    client.cookies.delete('X-APPLE-WEBAUTH-PCS-Photos');
    expect(await steps.createUrls({ a: 1 })).toMatchObject({ status: 423 });
    cloud.account.webAccessOff = true;
    expect(await steps.createUrls({ a: 1 })).toMatchObject({ status: 403, body: { serverErrorCode: 'ACCESS_DENIED' } });
    client.cookies.clear();
    expect(await steps.createUrls({ a: 1 })).toMatchObject({ status: 421 });
    expect(await client.post('/photosupload/putAsset', {})).toMatchObject({ status: 421 });
  });

  it('is full when the quota is', async () => {
    cloud.uploads.quotaBytes = 5000;
    const receipts = [await steps.receiptOf(photo(1).bytes), await steps.receiptOf(photo(2).bytes)];
    const { body } = await steps.put(receipts.map((receipt, at) => ({ name: `${String(at)}.JPG`, receipt })));
    expect(body).toMatchObject([{ response: { status: 200 } }, { response: { status: 413, isRetryable: false } }]);
    expect(await steps.createUrls({ a: 3000 })).toMatchObject({ status: 413, body: { errorReason: 'QUOTA_EXCEEDED' } });
  });

  it('keeps no bytes behind when it closes', async () => {
    await steps.upload(photo(1));
    const folder = path.dirname((await cloud.uploads.store.take(Readable.from([Buffer.from('x')]), { truncated: false, flipped: false })).path);
    await access(folder);
    await cloud.close();
    await expect(access(folder)).rejects.toThrow('ENOENT');
  });

  describe('under faults', () => {
    const { bytes, name } = photo(1);
    const statuses: readonly (readonly [FaultName, number])[] = [
      ['createUploadUrl.403', 403],
      ['createUploadUrl.429', 429],
      ['createUploadUrl.503', 503],
      ['createUploadUrl.quota', 413],
    ];
    it.each(statuses)('%s answers %i once', async (fault, status) => {
      cloud.faults.once(fault);
      expect(await steps.createUrls({ a: 1 })).toMatchObject({ status });
      expect(await steps.createUrls({ a: 1 })).toMatchObject({ status: 200 });
    });

    it.each(['createUploadUrl.421', 'putAsset.421'] as const)('%s ends the session', async (fault) => {
      const receipt = await steps.receiptOf(bytes);
      cloud.faults.once(fault);
      const strike = fault === 'putAsset.421' ? steps.put([{ name, receipt }]) : steps.createUrls({ a: 1 });
      expect(await strike).toMatchObject({ status: 421 });
      expect(await client.zones()).toMatchObject({ status: 421 });
      expect(cloud.uploads.assets).toEqual([]);
    });

    it.each(['upload.403', 'upload.410', 'upload.429', 'upload.503', 'upload.truncated'] as const)('%s takes nothing', async (fault) => {
      const url = await steps.createUrl(bytes.length);
      cloud.faults.once(fault);
      const { status } = await client.sendBytes(url, bytes);
      expect(status).toBe(fault === 'upload.truncated' ? 400 : Number(fault.slice(7)));
      expect((await client.sendBytes(url, bytes)).status).toBe(fault === 'upload.410' ? 410 : 200);
    });

    it('upload.flip tells the checksum of what arrived', async () => {
      cloud.faults.once('upload.flip');
      expect(await steps.receiptOf(bytes)).toMatchObject({ size: bytes.length, fileChecksum: expect.not.stringMatching(fileChecksum(bytes).replace(/\+/g, '\\+')) });
    });

    it.each(['createUploadUrl.drop', 'createUploadUrl.dropAfter', 'upload.drop', 'upload.dropAfter', 'uploadStatus.drop', 'uploadStatus.dropAfter'] as const)('%s breaks the connection', async (fault) => {
      const url = await steps.createUrl(bytes.length);
      cloud.faults.once(fault);
      const strike = fault.startsWith('upload.') ? client.sendBytes(url, bytes) : fault.startsWith('uploadStatus') ? steps.status('a') : steps.createUrls({ a: 1 });
      await expect(strike).rejects.toThrow(/other side closed|ECONNRESET|EPIPE/);
    });

    it.each([['putAsset.drop', 0], ['putAsset.dropAfter', 1]] as const)('%s: no answer, and %i assets', async (fault, assets) => {
      const receipt = await steps.receiptOf(bytes);
      cloud.faults.once(fault);
      await expect(steps.put([{ name, receipt }])).rejects.toThrow(/other side closed|ECONNRESET/);
      expect(cloud.uploads.assets).toHaveLength(assets);
      clock.advance(20_000);
      expect(cloud.library.assets()).toHaveLength(assets);
      const [{ response } = { response: { status: 0 } }] = await steps.upload({ name, bytes });
      expect(response.status).toBe(assets === 0 ? 200 : 409);
    });

    it.each([
      ['putAsset.file413', { status: 413, isRetryable: false }, 0],
      ['putAsset.file415', { status: 415, isRetryable: false }, 0],
      ['putAsset.file500', { status: 500, isRetryable: false }, 0],
      ['putAsset.file503', { status: 503, isRetryable: true }, 0],
      ['putAsset.file503taken', { status: 503, isRetryable: true }, 1],
      ['putAsset.neverIndexed', { status: 200, isRetryable: false }, 0],
    ] as const)('%s strikes one file of a request', async (fault, response, appeared) => {
      cloud.faults.after(fault, 1);
      const answers = await steps.upload(photo(1), photo(2), photo(3));
      expect(answers.map((answer) => answer.response.status)).toEqual([200, response.status, 200]);
      expect(answers[1]?.response).toMatchObject(response);
      clock.advance(20_000);
      expect(cloud.library.assets()).toHaveLength(2 + appeared);
      const [again] = await steps.upload(photo(2));
      expect(again?.response.status).toBe(appeared === 1 ? 409 : 200);
    });

    it('uploadStatus.404 forgets a job for once', async () => {
      const [put] = await steps.upload(photo(1));
      cloud.faults.once('uploadStatus.404');
      expect(await steps.status(put?.uploadJobId)).toEqual({ [put?.uploadJobId ?? '']: { errorCode: 404 } });
      expect(await steps.status(put?.uploadJobId)).toEqual({ [put?.uploadJobId ?? '']: { progress: 0 } });
    });

    it('slow answers late and dead never', async () => {
      cloud.faults.slowMs = 50;
      cloud.faults.once('putAsset.slow');
      cloud.faults.after('putAsset.dead', 1);
      const receipt = await steps.receiptOf(bytes);
      const since = performance.now();
      expect(await steps.put([{ name, receipt }])).toMatchObject({ status: 200 });
      expect(performance.now() - since).toBeGreaterThan(45);
      const dead = steps.put([{ name, receipt }]).catch((error: unknown) => error);
      expect(await Promise.race([dead, new Promise((resolve) => setTimeout(resolve, 100, 'nothing'))])).toBe('nothing');
      await cloud.close();
      expect(await dead).toBeInstanceOf(Error);
    });
  });
});
