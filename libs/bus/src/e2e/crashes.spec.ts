import { done, emit, type Payload } from '@media-pipeline/contracts';
import { waitFor } from '@media-pipeline/testing';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { buildWorker, type BuiltWorker } from './build-worker';
import { RememberedLetters } from './listening-stage';
import { Scene } from './scene';
import type { WorkerOrder } from './worker';

let scene: Scene;
let worker: BuiltWorker;
const children: ChildProcess[] = [];

beforeAll(async () => {
  [scene, worker] = await Promise.all([Scene.open(), buildWorker()]);
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await scene.clear();
});
afterAll(async () => {
  await scene.close();
  await worker.remove();
});

function startWorker(order: Omit<WorkerOrder, 'url'>): { child: ChildProcess; lines: string[] } {
  const child = spawn(process.execPath, [worker.main, JSON.stringify({ url: scene.nats.url, ...order })], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const lines: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => lines.push(...text.trim().split('\n')));
  return { child, lines };
}

const compressorLag = async (bus: Awaited<ReturnType<Scene['bus']>>): Promise<number> => {
  const lag = (await bus.lag()).find(({ durable }) => durable === 'compressor');
  return lag ? lag.pending + lag.underWay : Infinity;
};

describe('a stage that is killed', () => {
  it('in mid-message loses nothing: another replica takes the message after ack_wait', async () => {
    const tuning = { ackWaitMs: 1_000 };
    const bus = await scene.bus({ tuning });
    const victim = startWorker({ tuning, takes: 60_000 });
    await waitFor(() => victim.lines.includes('ready'));
    await bus.publish(emit('media.unique', { path: 'originals/a.jpg' }, 'a'));
    await waitFor(() => victim.lines.includes('started originals/a.jpg'));
    const survivor = startWorker({ tuning, takes: 10 });
    await waitFor(() => survivor.lines.includes('ready'));
    expect(survivor.lines).not.toContain('started originals/a.jpg');
    victim.child.kill('SIGKILL');
    await waitFor(() => survivor.lines.includes('ended originals/a.jpg'));
    await waitFor(async () => (await compressorLag(bus)) === 0);
  });

  it('on every attempt leaves a dead letter, made by another process', async () => {
    const tuning = { ackWaitMs: 300, maxDeliver: 1 };
    const bus = await scene.bus({ tuning });
    await bus.publish(emit('media.unique', { path: 'originals/poison.jpg' }, 'poison'));
    let deaths = 0;
    const restarting = (async () => {
      for (; deaths < 3; deaths++) await once(startWorker({ tuning, takes: 'die' }).child, 'exit');
    })();
    await restarting;
    // the next one finds nothing to do but the server's advisory
    const listener = new RememberedLetters();
    const handle = jest.fn(async () => done());
    await scene.stage({ bus, stage: 'compressor', subject: 'media.unique', handle, options: { deadLetterListener: listener } });
    await waitFor(() => listener.letters.length > 0);
    expect(listener.letters).toEqual([expect.objectContaining({ stage: 'compressor', subject: 'media.unique', code: 'CRASHED_EVERY_TIME', payload: { path: 'originals/poison.jpg' } })]);
    const [letter] = await bus.deadLetters.list();
    expect(letter).toMatchObject({ code: 'CRASHED_EVERY_TIME', deliveries: 3 });
    expect(handle).not.toHaveBeenCalled();
  });

  it('by SIGTERM hands back what it cannot end in time', async () => {
    const tuning = { ackWaitMs: 60_000 };
    const bus = await scene.bus({ tuning });
    const leaving = startWorker({ tuning, takes: 5_000 });
    await waitFor(() => leaving.lines.includes('ready'));
    await bus.publish(emit('media.unique', { path: 'originals/a.jpg' }, 'a'));
    await waitFor(() => leaving.lines.includes('started originals/a.jpg'));
    leaving.child.kill('SIGTERM');
    let taken = 0;
    await scene.stage({ bus, stage: 'compressor', subject: 'media.unique', handle: async () => (taken++, done()) });
    await waitFor(() => taken === 1, { timeoutMs: 3_000 });
  });
});

describe('a nats-server that is killed', () => {
  it('in mid-job: nothing is lost, and nothing is run twice', async () => {
    const bus = await scene.bus({ tuning: { ackWaitMs: 4_000 } });
    const started: string[] = [];
    const ended: string[] = [];
    const handle = async ({ path }: Payload<'media.unique'>) => {
      started.push(String(path));
      await delay(1_500);
      ended.push(String(path));
      return done(emit('media.compressed', { path }, String(path)));
    };
    await scene.stage({ bus, stage: 'compressor', subject: 'media.unique', handle, options: { lanes: 3 } });
    const paths = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `originals/${name}.jpg`);
    for (const path of paths) await bus.publish(emit('media.unique', { path }, path));
    await waitFor(() => started.length === 3);
    await delay(700); // the server writes its consumers' state down every quarter of a second
    await scene.nats.kill();
    await waitFor(() => ended.length === 3); // the jobs end while there is no broker
    await scene.nats.start();
    await waitFor(async () => (await compressorLag(bus)) === 0);
    expect(started.sort()).toEqual(paths);
    expect((await bus.lag()).find(({ durable }) => durable === 'bridge')?.pending).toBe(6);
  });

  it('and comes back without its store: stages take what is said from then on', async () => {
    const bus = await scene.bus();
    const seen: string[] = [];
    await scene.stage({ bus, stage: 'dedupe', subject: 'media.discovered', handle: async ({ path = '' }) => (seen.push(path), done()) });
    await scene.nats.kill();
    await scene.nats.wipe();
    await scene.nats.start();
    await bus.publish(emit('media.discovered', { path: 'originals/a.jpg' }, 'a'));
    await waitFor(() => seen.length === 1);
  });

  it('again and again, under load: every message is done', async () => {
    const bus = await scene.bus();
    const seen = new Set<string>();
    const handle = async ({ path }: Payload<'media.discovered'>) => (await delay(5), seen.add(String(path)), done(emit('media.unique', { path }, String(path))));
    await scene.stage({ bus, stage: 'dedupe', subject: 'media.discovered', handle });
    const paths = Array.from({ length: 300 }, (_, n) => `originals/${n}.jpg`);
    const saying = (async () => {
      for (const path of paths) await bus.publish(emit('media.discovered', { path }, path));
    })();
    for (let kill = 0; kill < 3; kill++) {
      await waitFor(() => seen.size > kill * 80 + 20);
      await scene.nats.kill();
      await scene.nats.start();
    }
    await saying;
    await waitFor(() => seen.size === paths.length);
    await waitFor(async () => (await bus.lag()).find(({ durable }) => durable === 'compressor')?.pending === paths.length);
  });
});
