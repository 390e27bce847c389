import { startNats, type TestNats } from '@media-pipeline/testing';
import { connect } from '@nats-io/transport-node';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import type { INestMicroservice } from '@nestjs/common';
import type { Subject } from '@media-pipeline/contracts';
import { Bus, type BusOptions } from '../bus';
import { streamDefinitions } from '../topology/streams';
import { listen, type StageSketch } from './listening-stage';

/** Short waits, so that tests see every step. */
export const quick = { ackWaitMs: 1_000, maxDeliver: 3, backoffMs: [30, 60] } as const;

/** A real nats-server for one spec file; what a test opened on it is closed after the test, its streams are deleted. */
export class Scene {
  private readonly buses: Bus[] = [];
  private readonly apps: INestMicroservice[] = [];

  private constructor(readonly nats: TestNats) {}

  static async open(): Promise<Scene> {
    return new Scene(await startNats());
  }

  /** A provisioned bus. */
  async bus(options: Partial<BusOptions> = {}): Promise<Bus> {
    const bus = await Bus.connect({ url: this.nats.url, name: 'test', tuning: quick, ...options });
    this.buses.push(bus);
    await bus.provision();
    return bus;
  }

  async stage<S extends Subject>(sketch: StageSketch<S>): Promise<INestMicroservice> {
    const app = await listen(sketch);
    this.apps.push(app);
    return app;
  }

  /** The server's own administration, past the bus. */
  async administer<T>(work: (manager: JetStreamManager) => Promise<T>): Promise<T> {
    const connection = await connect({ servers: this.nats.url });
    try {
      return await work(await jetstreamManager(connection));
    } finally {
      await connection.close();
    }
  }

  async clear(): Promise<void> {
    await Promise.all(this.apps.splice(0).map((app) => app.close()));
    await Promise.all(this.buses.splice(0).map((bus) => bus.close()));
    await this.administer(async (manager) => {
      for (const { name } of streamDefinitions) await manager.streams.delete(name).catch(() => false);
    });
  }

  async close(): Promise<void> {
    await this.nats.destroy();
  }
}
