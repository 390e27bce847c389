import { done, doneStreaming, emit, PipelineError, retry, skip, type Emit, type Progress } from '@media-pipeline/contracts';
import { publishOverTcp, waitFor } from '@media-pipeline/testing';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { RememberedLetters } from '../e2e/listening-stage';
import { Scene } from '../e2e/scene';
import { laneCount, type SettledMessage } from './strategy';

const containing = (text: string): unknown => expect.stringContaining(text);
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
const anyNumber: unknown = expect.any(Number);

let scene: Scene;
beforeAll(async () => (scene = await Scene.open()));
afterEach(() => scene.clear());
afterAll(() => scene.close());

const settled = async (bus: Awaited<ReturnType<Scene['bus']>>, durable: string): Promise<boolean> => {
  const lag = (await bus.lag()).find((entry) => entry.durable === durable);
  return lag !== undefined && lag.pending + lag.underWay === 0;
};

describe('what reaches a handler', () => {
  it('takes a line that a plain TCP client wrote', async () => {
    const bus = await scene.bus();
    const seen: unknown[] = [];
    await scene.stage({ bus, stage: 'dedupe', subject: 'media.discovered', handle: async (payload) => (seen.push(payload), done()) });
    await publishOverTcp(scene.nats.port, 'media.discovered', '{"path":"originals/x.jpg"}');
    await waitFor(() => seen.length > 0);
    expect(seen).toEqual([{ path: 'originals/x.jpg' }]);
    await waitFor(() => settled(bus, 'dedupe'));
  });

  it('keeps payloads whole, also with keys that mean something to Nest', async () => {
    const bus = await scene.bus();
    const seen: unknown[] = [];
    await scene.stage({ bus, stage: 'ingest', subject: 'media.ingest.requested', handle: async (payload) => (seen.push(payload), done()) });
    await publishOverTcp(scene.nats.port, 'media.ingest.requested', '');
    await publishOverTcp(scene.nats.port, 'media.ingest.requested', '{"source":"folder","data":1,"pattern":2}');
    await waitFor(() => seen.length === 2);
    expect(seen).toEqual([{}, expect.objectContaining({ source: 'folder' })]);
  });

  it('takes what was said while the stage was down', async () => {
    const bus = await scene.bus();
    await bus.publish(emit('media.discovered', { path: 'originals/early.jpg' }, 'early'));
    let seen = 0;
    await scene.stage({ bus, stage: 'dedupe', subject: 'media.discovered', handle: async () => (seen++, done()) });
    await waitFor(() => seen === 1);
  });

  it('shares the work among replicas, each message to one of them', async () => {
    const seen: [string, string | undefined][] = [];
    for (const replica of ['a', 'b']) {
      const handle = async ({ path }: { path?: string | undefined }) => (seen.push([replica, path]), await delay(15), done());
      await scene.stage({ bus: await scene.bus(), stage: 'compressor', subject: 'media.unique', handle, options: { lanes: 2 } });
    }
    const bus = await scene.bus();
    const paths = Array.from({ length: 40 }, (_, n) => `originals/${n}.jpg`);
    await Promise.all(paths.map((path) => bus.publish(emit('media.unique', { path }, path))));
    await waitFor(() => settled(bus, 'compressor'));
    expect(seen.map(([, path]) => path).sort()).toEqual(paths.sort());
    const byA = seen.filter(([replica]) => replica === 'a').length;
    expect(byA).toBeGreaterThan(8);
    expect(byA).toBeLessThan(32);
  });

  it('prefetches nothing behind a long job', async () => {
    const bus = await scene.bus();
    const release = new AbortController();
    const started: string[] = [];
    const handle = async ({ path = '' }: { path?: string | undefined }) => {
      started.push(path);
      if (started.length === 1) await delay(60_000, undefined, { signal: release.signal }).catch(() => undefined);
      return done();
    };
    await scene.stage({ bus, stage: 'compressor', subject: 'media.unique', handle, options: { lanes: 1 } });
    for (const path of ['originals/long', 'originals/b', 'originals/c']) await bus.publish(emit('media.unique', { path }, path));
    await waitFor(() => started.length === 1);
    const lag = (await bus.lag()).find(({ durable }) => durable === 'compressor');
    expect(lag).toMatchObject({ pending: 2, underWay: 1 });
    release.abort();
    await waitFor(() => settled(bus, 'compressor'));
    expect(started).toHaveLength(3);
  });

  it('runs a job far longer than ack_wait once', async () => {
    const bus = await scene.bus({ tuning: { ackWaitMs: 500 } });
    let runs = 0;
    await scene.stage({ bus, stage: 'compressor', subject: 'media.unique', handle: async () => (runs++, await delay(3_000), done()), options: { lanes: 2 } });
    await bus.publish(emit('media.unique', { path: 'originals/long.mov' }, 'long'));
    await waitFor(() => runs > 0);
    await waitFor(() => settled(bus, 'compressor'));
    expect(runs).toBe(1);
  });
});

describe('how outcomes are settled', () => {
  it('stores every emit of a stream before the message is acked', async () => {
    const bus = await scene.bus();
    async function* many(): AsyncGenerator<Emit> {
      for (let n = 0; n < 100; n++) yield emit('media.discovered', { path: `originals/${n}.jpg` }, String(n));
    }
    await scene.stage({ bus, stage: 'ingest', subject: 'media.ingest.requested', handle: async () => doneStreaming(many()) });
    await bus.publishRaw('media.ingest.requested', '{}');
    await waitFor(() => settled(bus, 'ingest'));
    expect((await bus.lag()).find(({ durable }) => durable === 'dedupe')?.pending).toBe(100);
  });

  it('says nothing and tries again when an emit cannot be stored', async () => {
    const bus = await scene.bus();
    const listener = new RememberedLetters();
    const broken = { subject: 'media.discovered', payload: { path: '/absolute' }, id: 'x' } as const;
    await scene.stage({ bus, stage: 'ingest', subject: 'media.ingest.requested', handle: async () => done(broken), options: { deadLetterListener: listener } });
    await bus.publishRaw('media.ingest.requested', '{}');
    await waitFor(() => listener.letters.length > 0);
    expect(listener.letters[0]).toMatchObject({ code: 'INVALID_MESSAGE', reason: containing('must be relative to the library') });
  });

  it('reports each settled message to the metrics', async () => {
    const bus = await scene.bus();
    const reports: SettledMessage[] = [];
    const handle = async () => skip('switched off', emit('media.compressed', { path: 'originals/a.jpg' }, 'a'));
    await scene.stage({ bus, stage: 'compressor', subject: 'media.unique', handle, options: { metrics: (report) => reports.push(report) } });
    await bus.publish(emit('media.unique', { path: 'originals/a.jpg' }, 'a'));
    await waitFor(() => reports.length > 0);
    expect(reports).toEqual([{ stage: 'compressor', durable: 'compressor', subject: 'media.unique', outcome: 'skip', ms: anyNumber }]);
    expect((await bus.lag()).find(({ durable }) => durable === 'bridge')?.pending).toBe(1);
  });

  it('brings a message back that was put off, more often than failures are allowed', async () => {
    const bus = await scene.bus();
    const listener = new RememberedLetters();
    let calls = 0;
    const handle = async () => (++calls < 25 ? retry(5, 'the phone is away') : done());
    await scene.stage({ bus, stage: 'pixel-sync', subject: 'media.bridged.pixel', handle, options: { deadLetterListener: listener } });
    await bus.publish(emit('media.bridged.pixel', { batchId: randomUUID() }, 'b'));
    await waitFor(() => calls >= 25);
    await waitFor(() => settled(bus, 'pixel-sync'));
    expect(listener.letters).toEqual([]);
    expect(calls).toBe(25);
  });

  it('does not count putting off as failing', async () => {
    const bus = await scene.bus();
    const listener = new RememberedLetters();
    let calls = 0;
    const handle = async () => {
      calls++;
      if (calls <= 4) return retry(5, 'not now');
      if (calls === 5) throw new PipelineError('IO_ERROR', 'the disk coughed');
      return done();
    };
    await scene.stage({ bus, stage: 'compressor', subject: 'media.unique', handle, options: { deadLetterListener: listener } });
    await bus.publish(emit('media.unique', { path: 'originals/a.jpg' }, 'a'));
    await waitFor(() => calls === 6);
    await waitFor(() => settled(bus, 'compressor'));
    expect(listener.letters).toEqual([]);
  });
});

describe('what cannot be done', () => {
  it.each([
    ['not json at all', /^not JSON: /],
    ['{"path":"../../etc/passwd"}', /^path: must not contain empty, "." or ".." segments$/],
    ['{"path":"/etc/passwd"}', /^path: must be relative to the library, not absolute;/],
    ['{"assetId":"seven"}', /^assetId: /],
    ['', /needs "assetId" or "path"/],
    ['[1,2]', /expected object/],
  ])('makes a readable dead letter of %j', async (body, reason) => {
    const bus = await scene.bus();
    const listener = new RememberedLetters();
    const handle = jest.fn(async () => done());
    await scene.stage({ bus, stage: 'dedupe', subject: 'media.discovered', handle, options: { deadLetterListener: listener } });
    await publishOverTcp(scene.nats.port, 'media.discovered', body);
    const [letter] = await waitFor(async () => ((await bus.deadLetters.list()).length > 0 ? bus.deadLetters.list() : undefined));
    expect(letter).toMatchObject({ stage: 'dedupe', subject: 'media.discovered', code: 'INVALID_MESSAGE', reason: matching(reason), deliveries: 1 });
    expect(Buffer.from(letter?.body ?? []).toString()).toBe(body);
    await waitFor(() => settled(bus, 'dedupe'));
    expect(listener.letters).toHaveLength(1);
    expect(handle).not.toHaveBeenCalled();
  });

  it('tries again with growing delay, then gives up with the same code', async () => {
    const bus = await scene.bus();
    const listener = new RememberedLetters();
    const at: number[] = [];
    const handle = async () => {
      at.push(performance.now());
      throw new PipelineError('DISK_FULL', 'no space left');
    };
    await scene.stage({ bus, stage: 'compressor', subject: 'media.unique', handle, options: { deadLetterListener: listener } });
    await bus.publish(emit('media.unique', { path: 'originals/a.jpg' }, 'a'));
    await waitFor(() => listener.letters.length > 0);
    expect(listener.letters).toEqual([{ stage: 'compressor', subject: 'media.unique', code: 'DISK_FULL', reason: 'no space left (given up after 3 attempts)', payload: { path: 'originals/a.jpg' } }]);
    const [first = 0, second = 0, third = 0] = at;
    expect(at).toHaveLength(3);
    expect(second - first).toBeGreaterThanOrEqual(25);
    expect(third - second).toBeGreaterThanOrEqual(55);
  });

  it('gives up at once where trying again cannot help, and names the asset', async () => {
    const bus = await scene.bus();
    let calls = 0;
    const handle = () => {
      calls++;
      throw new PipelineError('MEDIA_CORRUPT', 'ends in the middle of a picture: "é\n.jpg"');
    };
    await scene.stage({ bus, stage: 'compressor', subject: 'media.unique', handle });
    const assetId = randomUUID();
    await bus.publish(emit('media.unique', { assetId }, assetId));
    const [letter] = await waitFor(async () => ((await bus.deadLetters.list()).length > 0 ? bus.deadLetters.list() : undefined));
    expect(letter).toMatchObject({ code: 'MEDIA_CORRUPT', reason: 'ends in the middle of a picture: "é\n.jpg"', assetId });
    expect(calls).toBe(1);
  });

  it('tries what nobody foresaw again, then calls it unexpected', async () => {
    const bus = await scene.bus();
    const listener = new RememberedLetters();
    const handle = jest.fn(() => Promise.reject(new TypeError('x is not a function')));
    await scene.stage({ bus, stage: 'compressor', subject: 'media.unique', handle, options: { deadLetterListener: listener } });
    await bus.publish(emit('media.unique', { path: 'originals/a.jpg' }, 'a'));
    await waitFor(() => listener.letters.length > 0);
    expect(listener.letters[0]).toMatchObject({ code: 'UNEXPECTED', reason: containing('x is not a function') });
    expect(handle).toHaveBeenCalledTimes(3);
  });

  it('stores one letter when the listener fails at first', async () => {
    const bus = await scene.bus();
    const listener = new RememberedLetters();
    const tell = jest.spyOn(listener, 'dead').mockRejectedValueOnce(new Error('the database is away'));
    const handle = () => Promise.reject(new PipelineError('NOT_MEDIA', 'text'));
    await scene.stage({ bus, stage: 'dedupe', subject: 'media.discovered', handle, options: { deadLetterListener: listener } });
    await bus.publish(emit('media.discovered', { path: 'originals/a.txt' }, 'a'));
    await waitFor(() => listener.letters.length > 0);
    await waitFor(() => settled(bus, 'dedupe'));
    expect(tell).toHaveBeenCalledTimes(2);
    expect(await bus.deadLetters.list()).toHaveLength(1);
  });
});

describe('stopping', () => {
  it('lets what is under way end', async () => {
    const bus = await scene.bus();
    let ended = 0;
    let started = 0;
    const app = await scene.stage({ bus, stage: 'compressor', subject: 'media.unique', handle: async () => (started++, await delay(400), ended++, done()) });
    await bus.publish(emit('media.unique', { path: 'originals/a.jpg' }, 'a'));
    await waitFor(() => started === 1);
    await app.close();
    expect(ended).toBe(1);
    expect(await settled(bus, 'compressor')).toBe(true);
  });

  it('hands what is unfinished back at once, and says so to the handler', async () => {
    const bus = await scene.bus({ tuning: { ackWaitMs: 60_000 } });
    const signals: AbortSignal[] = [];
    const hang = async (_: unknown, { signal }: { signal: AbortSignal }) => (signals.push(signal), await delay(60_000, undefined, { ref: false }), done());
    const stuck = await scene.stage({ bus, stage: 'compressor', subject: 'media.unique', handle: hang, options: { drainMs: 50 } });
    await bus.publish(emit('media.unique', { path: 'originals/a.jpg' }, 'a'));
    await waitFor(() => signals.length === 1);
    let taken = 0;
    await stuck.close();
    await scene.stage({ bus, stage: 'compressor', subject: 'media.unique', handle: async () => (taken++, done()) });
    await waitFor(() => taken === 1, { timeoutMs: 5_000 });
    expect(signals[0]?.aborted).toBe(true);
  });

  it('stops idle lanes quickly', async () => {
    const app = await scene.stage({ bus: await scene.bus(), stage: 'dedupe', subject: 'media.discovered', handle: async () => done() });
    const before = performance.now();
    await app.close();
    expect(performance.now() - before).toBeLessThan(1_000);
  });
});

describe('progress', () => {
  it('shows work that takes a while, with its label, and its end', async () => {
    const bus = await scene.bus();
    const heard: Progress[] = [];
    const watcher = await scene.bus();
    watcher.watchProgress((progress) => heard.push(progress));
    await watcher.flush();
    const assetId = randomUUID();
    await scene.stage({ bus, stage: 'compressor', subject: 'media.unique', handle: async (_, context) => (context.report('IMG_1.HEIC', 0.5), await delay(400), done()) });
    await bus.publish(emit('media.unique', { assetId }, assetId));
    await waitFor(() => heard.length >= 2);
    expect(heard).toEqual([
      { stage: 'compressor', assetId, label: 'IMG_1.HEIC', phase: 'working', fraction: 0.5 },
      { stage: 'compressor', assetId, label: 'IMG_1.HEIC', phase: 'ended', fraction: 0.5 },
    ]);
  });
});

it('refuses a handler that the catalogue knows no consumer for', async () => {
  const bus = await scene.bus();
  await expect(scene.stage({ bus, stage: 'sorter', subject: 'media.discovered', handle: async () => done() })).rejects.toMatchObject({ code: 'SETTINGS_INVALID' });
});

it('has no more lanes than messages may be under way', () => {
  expect(laneCount({ lanes: 'perCore', maxAckPending: 256 }, undefined, 6)).toBe(6);
  expect(laneCount({ lanes: 8, maxAckPending: 2 }, undefined)).toBe(2);
  expect(laneCount({ lanes: 8, maxAckPending: 256 }, 3)).toBe(3);
  expect(laneCount({ lanes: 8, maxAckPending: 256 }, 0)).toBe(1);
});
