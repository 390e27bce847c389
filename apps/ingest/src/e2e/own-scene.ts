import { Bus } from '@media-pipeline/bus';
import { startNats, type TestNats } from '@media-pipeline/testing';

/** Gives each test of a spec file a scene of its own, all on one broker. */
export function eachInItsOwn<T extends { close(): Promise<void> }>(open: (bus: Bus) => Promise<T>, opened: (scene: T) => void): void {
  let nats: TestNats;
  let bus: Bus;
  let scene: T;
  beforeAll(async () => {
    nats = await startNats();
    bus = await Bus.connect({ url: nats.url, name: 'test' });
    await bus.provision();
  });
  afterAll(async () => {
    await bus.close();
    await nats.destroy();
  });
  beforeEach(async () => {
    scene = await open(bus);
    opened(scene);
  });
  afterEach(async () => {
    await scene.close();
  });
}
