import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Emit, Progress, StageName } from '@media-pipeline/contracts';
import { BrokerLink } from './connection/broker-link';
import { Gate } from './connection/gate';
import { DeadLetterBox } from './dead-letters/dead-letter-box';
import type { DeadMessage } from './dead-letters/dead-letter-listener';
import { silentLogger, type BusLogger } from './logger';
import { ProgressReporter } from './progress';
import { Publisher, type PublishedMessage } from './publisher';
import { assetOf } from './receive/parse-body';
import { intakes, type Intake, type Tuning } from './topology/consumers';
import { provision } from './topology/provision';
import { makeRoom } from './topology/room';
import { mediaStream } from './topology/streams';

export interface BusOptions {
  /** `nats://host:port`, several separated by commas. */
  readonly url: string;
  /** How the connection is called in the broker's lists. */
  readonly name: string;
  readonly logger?: BusLogger;
  /** How long (ms) connecting, and each publish while the broker is away, may take. 30 s when left out. */
  readonly patienceMs?: number;
  /** Changes every consumer's policy; the same in every process on the broker. For tests and unusual machines. */
  readonly tuning?: Tuning;
}

/** The backlog of one consumer. */
export interface Lag {
  readonly durable: string;
  readonly stage: StageName;
  /** Not delivered yet. */
  readonly pending: number;
  /** Delivered and not settled: being worked on, or waiting for its next attempt. */
  readonly underWay: number;
  readonly redelivered: number;
}

const defaultPatienceMs = 30_000;
const restorePauseMs = 1_000;

/** The pipeline's connection to the broker: publishing, backlog, dead letters, progress. One per process. */
export class Bus {
  readonly deadLetters: DeadLetterBox;
  /** @internal */
  readonly publisher: Publisher;
  /** @internal */
  readonly progress: ProgressReporter;
  private provisioning: Promise<void> | undefined;
  private provisioned = false;
  /** Open while we are connected and the broker has its streams and consumers. */
  private readonly readiness = new Gate();

  private constructor(
    /** @internal */
    readonly link: BrokerLink,
    /** Every consumer of the catalogue, as this process has it. */
    readonly intakes: readonly Intake[],
    private readonly patienceMs: number,
    private readonly logger: BusLogger,
  ) {
    this.publisher = new Publisher(link, patienceMs, () => this.provisionOnce(), () => this.makeRoom());
    this.deadLetters = new DeadLetterBox(link, this.publisher);
    this.progress = new ProgressReporter(link);
    link.onChange((change) => {
      this.provisioning = undefined; // what was asked on the old connection is not answered any more
      if (change === 'up') void this.restore();
      else this.readiness.shut();
    });
  }

  /** @throws PipelineError BROKER_UNAVAILABLE, SETTINGS_INVALID */
  static async connect({ url, name, logger = silentLogger, patienceMs = defaultPatienceMs, tuning }: BusOptions): Promise<Bus> {
    return new Bus(await BrokerLink.open(url, name, logger, patienceMs), intakes(tuning), patienceMs, logger);
  }

  get connected(): boolean {
    return this.link.connected;
  }

  /** Makes every stream and consumer that is missing or differs. Call it before anything is published; any process may, at any time. */
  async provision(): Promise<void> {
    this.provisioned = true;
    await this.link.patiently('preparing streams and consumers', this.patienceMs, () => this.provisionOnce());
    if (this.connected) this.readiness.open();
  }

  /** @internal Resolves when connected and provisioned, or when `signal` fires. */
  ready(signal: AbortSignal): Promise<void> {
    return this.readiness.pass(signal);
  }

  /** Stores a message. @throws PipelineError INVALID_MESSAGE, BROKER_FULL, BROKER_UNAVAILABLE */
  publish(emit: Emit): Promise<PublishedMessage> {
    return this.publisher.publish(emit);
  }

  /** Stores any text on a subject of the catalogue, as an operator would; what is wrong with it comes back as a dead letter. */
  publishRaw(subject: string, json: string): Promise<PublishedMessage> {
    return this.publisher.publishRaw(subject, json);
  }

  /** Stores a dead letter for work that no single message stands for (one asset of a batch). Tells no listener. */
  deadLetter({ stage, subject, code, reason, payload }: DeadMessage): Promise<PublishedMessage> {
    const assetId = assetOf(payload);
    const facts = { code, reason, subject, consumer: stage, deliveries: 0, sequence: 0, assetId };
    return this.publisher.storeLetter(stage, facts, JSON.stringify(payload ?? {}), `dead:${randomUUID()}`);
  }

  /** The backlog of every consumer of the catalogue that the broker has. */
  async lag(): Promise<Lag[]> {
    const infos = await this.link.patiently('reading the backlog', this.patienceMs, async () => {
      const found = [];
      for await (const info of this.link.manager.consumers.list(mediaStream)) found.push(info);
      return found;
    });
    return this.intakes.flatMap(({ durable, stage }) => {
      const info = infos.find(({ name }) => name === durable);
      return info ? [{ durable, stage, pending: info.num_pending, underWay: info.num_ack_pending, redelivered: info.num_redelivered }] : [];
    });
  }

  /** Says what is being worked on; at most ten a second per stage, the rest is left out. */
  reportProgress(progress: Progress): boolean {
    return this.progress.report(progress);
  }

  /** Calls back with what every process reports; returns what ends that. */
  watchProgress(callback: (progress: Progress) => void): () => void {
    return this.progress.watch(callback);
  }

  /** Resolves when everything sent so far has reached the broker. */
  flush(): Promise<void> {
    return this.link.flush();
  }

  close(): Promise<void> {
    return this.link.close();
  }

  /** The broker may have come back without its store. */
  private async restore(): Promise<void> {
    while (this.provisioned && this.connected) {
      try {
        await this.provision();
        return;
      } catch (thrown) {
        this.logger.warn({ err: thrown }, 'could not restore the streams; trying again');
        await delay(restorePauseMs);
      }
    }
  }

  private async makeRoom(): Promise<number> {
    const removed = await this.link.patiently('making room in the stream of events', this.patienceMs, () => makeRoom(this.link.manager));
    this.logger.warn({ removed }, 'the stream of events is full; settled messages were removed');
    return removed;
  }

  /** All who find something missing at the same time wait for the same run. */
  private provisionOnce(): Promise<void> {
    if (this.provisioning) return this.provisioning;
    const run = provision(this.link.manager, this.intakes).finally(() => {
      if (this.provisioning === run) this.provisioning = undefined;
    });
    return (this.provisioning = run);
  }
}
