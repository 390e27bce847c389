import { emit, type Progress } from '@media-pipeline/contracts';
import { waitFor } from '@media-pipeline/testing';
import { Bus } from './bus';
import { Scene } from './e2e/scene';

const containing = (text: string): unknown => expect.stringContaining(text);
const anyDate: unknown = expect.any(Date);

let scene: Scene;
beforeAll(async () => (scene = await Scene.open()));
afterEach(() => scene.clear());
afterAll(() => scene.close());

describe('provisioning', () => {
  it('may be done by many at once, and again', async () => {
    const buses = await Promise.all(Array.from({ length: 4 }, () => Bus.connect({ url: scene.nats.url, name: 'racer' })));
    await Promise.all(buses.map((bus) => bus.provision()));
    await Promise.all(buses.map((bus) => bus.provision()));
    const durables = (await buses[0]?.lag())?.map(({ durable }) => durable) ?? [];
    expect(durables).toEqual(expect.arrayContaining(['ingest', 'dedupe', 'compressor', 'bridge', 'icloud-uploader', 'pixel-sync', 'verifier-icloud', 'verifier-pixel', 'sorter', 'sorter-early']));
    await Promise.all(buses.map((bus) => bus.close()));
  });

  it('changes consumers whose policy is another now, and keeps their backlog', async () => {
    const before = await scene.bus({ tuning: { ackWaitMs: 10_000 } });
    await before.publish(emit('media.unique', { path: 'originals/a.jpg' }, 'a'));
    const after = await scene.bus({ tuning: { ackWaitMs: 20_000, maxDeliver: 4 } });
    const { config, num_pending } = await scene.administer((manager) => manager.consumers.info('MEDIA', 'compressor'));
    expect(config).toMatchObject({ ack_wait: 20e9, max_deliver: 12 });
    expect(num_pending).toBe(1);
    expect(after.connected).toBe(true);
  });

  it('keeps dead letters out of the stream of events', async () => {
    await scene.bus();
    const { config } = await scene.administer((manager) => manager.streams.info('MEDIA'));
    expect(config.subjects).toContain('media.ingest.requested');
    expect(config.subjects.some((subject) => subject.startsWith('media.failed') || subject === 'media.>')).toBe(false);
  });
});

describe('publishing', () => {
  it('says where the message lies, and counts the same id once', async () => {
    const bus = await scene.bus();
    const message = emit('media.discovered', { path: 'originals/a.jpg' }, 'a');
    expect(await bus.publish(message)).toEqual({ stream: 'MEDIA', sequence: 1, duplicate: false });
    expect(await bus.publish(message)).toEqual({ stream: 'MEDIA', sequence: 1, duplicate: true });
    expect(await bus.publishRaw('media.discovered', '{}')).toMatchObject({ sequence: 2, duplicate: false });
    expect(await bus.publishRaw('media.discovered', '{}')).toMatchObject({ sequence: 3, duplicate: false });
  });

  it('refuses what does not fit the catalogue', async () => {
    const bus = await scene.bus();
    await expect(bus.publish(emit('media.discovered', { path: '../a' }, 'a'))).rejects.toMatchObject({ code: 'INVALID_MESSAGE', message: containing('path: ') });
    await expect(bus.publishRaw('media.discoverd', '{}')).rejects.toMatchObject({ code: 'INVALID_MESSAGE', message: containing('media.discovered') });
    await expect(bus.publishRaw('media.discovered', 'x'.repeat(2_000_000))).rejects.toMatchObject({ code: 'INVALID_MESSAGE' });
  });

  it('tells the publisher when the stream is full of work to do', async () => {
    const bus = await scene.bus();
    await scene.administer((manager) => manager.streams.update('MEDIA', { max_msgs: 3 }));
    for (const id of ['a', 'b', 'c']) await bus.publish(emit('media.discovered', { path: 'originals/a.jpg' }, id));
    await expect(bus.publish(emit('media.unique', { path: 'originals/a.jpg' }, 'd'))).rejects.toMatchObject({ code: 'BROKER_FULL', permanent: false, message: containing('10077') });
    expect((await bus.lag()).find(({ durable }) => durable === 'dedupe')?.pending).toBe(3);
  });

  it('makes room in a stream that is full of work done', async () => {
    const bus = await scene.bus();
    await scene.administer((manager) => manager.streams.update('MEDIA', { max_msgs: 3 }));
    for (const id of ['a', 'b', 'c']) await bus.publish(emit('media.sorted', { path: 'originals/a.jpg' }, id));
    expect(await bus.publish(emit('media.unique', { path: 'originals/a.jpg' }, 'd'))).toMatchObject({ sequence: 4 });
  });

  it('waits for a broker that comes back, within bounds', async () => {
    const bus = await scene.bus({ patienceMs: 1_500 });
    await scene.nats.kill();
    await waitFor(() => !bus.connected);
    await expect(bus.publish(emit('media.discovered', { path: 'originals/a.jpg' }, 'a'))).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' });
    const published = bus.publish(emit('media.discovered', { path: 'originals/b.jpg' }, 'b'));
    await scene.nats.start();
    expect(await published).toMatchObject({ duplicate: false });
    expect(bus.connected).toBe(true);
  });

  it('makes the streams anew when the broker comes back without its store', async () => {
    const bus = await scene.bus();
    await bus.publish(emit('media.discovered', { path: 'originals/a.jpg' }, 'a'));
    await scene.nats.kill();
    await scene.nats.wipe();
    await scene.nats.start();
    expect(await bus.publish(emit('media.discovered', { path: 'originals/a.jpg' }, 'a'))).toEqual({ stream: 'MEDIA', sequence: 1, duplicate: false });
    await waitFor(async () => (await bus.lag()).some(({ durable, pending }) => durable === 'dedupe' && pending === 1));
  });
});

it('says that nobody answers', async () => {
  await expect(Bus.connect({ url: 'nats://127.0.0.1:1', name: 'nobody', patienceMs: 300 })).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE', message: containing('127.0.0.1:1') });
});

describe('dead letters', () => {
  const letter = (n: number) => ({ stage: 'compressor', subject: 'media.unique', code: 'MEDIA_CORRUPT', reason: `reason ${n}`, payload: { path: `originals/${n}.jpg` } }) as const;

  it('are listed in pages, the newest last', async () => {
    const bus = await scene.bus();
    for (let n = 1; n <= 7; n++) await bus.deadLetter(letter(n));
    await bus.deadLetters.drop(6);
    expect((await bus.deadLetters.list()).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 7]);
    expect((await bus.deadLetters.list({ limit: 3 })).map(({ reason }) => reason)).toEqual(['reason 4', 'reason 5', 'reason 7']);
    expect((await bus.deadLetters.list({ limit: 3, before: 4 })).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect(await bus.deadLetters.count()).toBe(6);
  });

  it('are read, and missing when they are gone', async () => {
    const bus = await scene.bus();
    const { sequence } = await bus.deadLetter(letter(1));
    expect(await bus.deadLetters.get(sequence)).toMatchObject({ stage: 'compressor', code: 'MEDIA_CORRUPT', subject: 'media.unique', at: anyDate });
    expect(await bus.deadLetters.drop(sequence)).toBe(true);
    expect(await bus.deadLetters.drop(sequence)).toBe(false);
    expect(await bus.deadLetters.drop(99)).toBe(false);
    expect(await bus.deadLetters.get(sequence)).toBeUndefined();
    expect(await bus.deadLetters.list()).toEqual([]);
    await expect(bus.deadLetters.retry(sequence)).rejects.toMatchObject({ code: 'UNKNOWN_ASSET' });
  });

  it('are said again, as they came, and leave', async () => {
    const bus = await scene.bus();
    const { sequence } = await bus.deadLetter(letter(1));
    const published = await bus.deadLetters.retry(sequence);
    expect(published).toMatchObject({ stream: 'MEDIA', duplicate: false });
    const stored = await scene.administer((manager) => manager.streams.getMessage('MEDIA', { seq: published.sequence }));
    expect([stored?.subject, stored?.string()]).toEqual(['media.unique', '{"path":"originals/1.jpg"}']);
    expect(await bus.deadLetters.count()).toBe(0);
  });
});

describe('progress', () => {
  it('says at most ten things a second per stage, and every end', async () => {
    const bus = await scene.bus();
    const heard: Progress[] = [];
    const watcher = await scene.bus();
    const forget = watcher.watchProgress((progress) => heard.push(progress));
    await watcher.flush();
    const sent = Array.from({ length: 50 }, (_, n) => bus.reportProgress({ stage: 'dedupe', assetId: `a${n}`, label: 'a', phase: 'working' })).filter(Boolean);
    bus.reportProgress({ stage: 'sorter', assetId: 'odd id.*>', label: 'b', phase: 'working' });
    bus.reportProgress({ stage: 'dedupe', assetId: 'a0', label: 'a', phase: 'ended' });
    await waitFor(() => heard.length >= 3);
    expect(sent.length).toBeLessThan(5);
    expect(heard.map(({ assetId, phase }) => [assetId, phase])).toEqual(expect.arrayContaining([['a0', 'working'], ['odd id.*>', 'working'], ['a0', 'ended']]));
    forget();
  });
});
