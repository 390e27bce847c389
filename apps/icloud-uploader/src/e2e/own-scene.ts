import { Bus } from '@media-pipeline/bus';
import { startNats, type TestNats } from '@media-pipeline/testing';
import { UploadScene } from './scene';

/** Gives each test of a spec file a scene of its own, all on one broker. */
export function eachInItsOwnScene(opened: (scene: UploadScene) => void): void {
  let nats: TestNats;
  let bus: Bus;
  let scene: UploadScene;
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
    scene = await UploadScene.open(bus);
    opened(scene);
  });
  afterEach(async () => {
    await scene.close();
  });
}
