import { connect, nanos, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { jetstream, jetstreamManager, type JetStreamClient, type JetStreamManager } from '@nats-io/jetstream';
import { PipelineError } from '@media-pipeline/contracts';
import { setTimeout as delay } from 'node:timers/promises';
import type { BusLogger } from '../logger';
import { ConnectionLost, isTransient, toBrokerError } from './broker-errors';
import { parseServerAddress } from './server-address';

export type LinkChange = 'up' | 'down' | 'closed';

const retryPauseMs = 250;
const answerTimeoutMs = 5_000;

/**
 * One connection to the broker that reconnects for ever.
 *
 * The client library forgets what is written while the connection is down, and leaves requests that were under way to their
 * timeout. So everything that needs an answer goes through {@link patiently}: it waits for the connection, asks, and asks again
 * as soon as the connection is back. What it asks must bear being asked twice.
 */
export class BrokerLink {
  readonly streams: JetStreamClient;
  private state: LinkChange = 'up';
  private readonly listeners = new Set<(change: LinkChange) => void>();

  private constructor(
    private readonly connection: NatsConnection,
    readonly manager: JetStreamManager,
    private readonly logger: BusLogger,
  ) {
    this.streams = jetstream(connection, { timeout: answerTimeoutMs });
    void this.follow();
  }

  /**
   * @param patienceMs how long the first connection may take
   * @throws PipelineError BROKER_UNAVAILABLE
   */
  static async open(url: string, name: string, logger: BusLogger, patienceMs: number): Promise<BrokerLink> {
    const address = parseServerAddress(url);
    const deadline = Date.now() + patienceMs;
    for (;;) {
      try {
        // noAsyncTraces: a stack trace per request costs more than the request
        const connection = await connect({ ...address, name, maxReconnectAttempts: -1, reconnectTimeWait: 250, reconnectJitter: 100, noAsyncTraces: true });
        return new BrokerLink(connection, await jetstreamManager(connection, { checkAPI: false, timeout: answerTimeoutMs }), logger);
      } catch (thrown) {
        if (Date.now() + retryPauseMs >= deadline) throw toBrokerError(thrown, `connecting to ${address.servers.join(', ')}`);
        await delay(retryPauseMs);
      }
    }
  }

  get connected(): boolean {
    return this.state === 'up';
  }

  get closed(): boolean {
    return this.state === 'closed';
  }

  /** Calls back on every change; returns what ends that. */
  onChange(listener: (change: LinkChange) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Fire and forget; dropped while the connection is down. */
  send(subject: string, body: string | Uint8Array, reply?: string): void {
    if (!this.connected) return;
    this.connection.publish(subject, body, reply === undefined ? undefined : { reply });
  }

  /** One request, one answer, not repeated. */
  ask(subject: string, body: string | Uint8Array): Promise<Msg> {
    return this.connection.request(subject, body, { timeout: answerTimeoutMs });
  }

  subscribe(subject: string, callback: (message: Msg) => void): Subscription {
    return this.connection.subscribe(subject, { callback: (error, message) => (error ? this.logger.warn({ err: error, subject }, 'subscription failed') : callback(message)) });
  }

  /** Resolves true once connected, false when that took too long or the link was closed. */
  async untilConnected(patienceMs: number): Promise<boolean> {
    if (this.state !== 'down') return this.connected;
    return new Promise((resolve) => {
      const end = (connected: boolean): void => {
        clearTimeout(timer);
        forget();
        resolve(connected);
      };
      const timer = setTimeout(() => end(false), patienceMs);
      const forget = this.onChange((change) => end(change === 'up'));
    });
  }

  /**
   * Carries `attempt` out until it is answered, over reconnects and restarts of the broker.
   * @throws PipelineError BROKER_UNAVAILABLE when `patienceMs` is over, BROKER_FULL, INVALID_MESSAGE
   */
  async patiently<T>(doing: string, patienceMs: number, attempt: () => Promise<T>): Promise<T> {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      if (!(await this.untilConnected(Math.max(0, deadline - Date.now())))) {
        throw new PipelineError('BROKER_UNAVAILABLE', `${doing}: ${this.closed ? 'the connection is closed' : 'no connection to the broker'}`);
      }
      try {
        return await this.unlessLost(attempt());
      } catch (thrown) {
        if (!isTransient(thrown) || Date.now() + retryPauseMs >= deadline) throw toBrokerError(thrown, doing);
        await delay(retryPauseMs);
      }
    }
  }

  private async unlessLost<T>(answer: Promise<T>): Promise<T> {
    let forget: (() => void) | undefined;
    const lost = new Promise<never>((_, reject) => {
      forget = this.onChange((change) => change !== 'up' && reject(new ConnectionLost('connection lost')));
    });
    try {
      return await Promise.race([answer, lost]);
    } finally {
      forget?.();
      answer.catch(() => undefined); // its timeout may come long after the connection was lost
    }
  }

  /** Sends what is still buffered, then closes. */
  async close(): Promise<void> {
    if (this.closed) return;
    if (this.connected) await this.connection.drain().catch(() => undefined);
    else await this.connection.close();
    this.change('closed');
  }

  /** Resolves when the server has taken everything sent so far. */
  async flush(): Promise<void> {
    if (this.connected) await this.unlessLost(this.connection.flush()).catch(() => undefined);
  }

  private async follow(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type === 'disconnect') {
        this.logger.warn({ server: status.server }, 'lost the broker; reconnecting');
        this.change('down');
      } else if (status.type === 'reconnect') {
        this.logger.info({ server: status.server }, 'the broker is back');
        this.change('up');
      } else if (status.type === 'close') {
        this.change('closed');
      } else if (status.type === 'error') {
        this.logger.warn({ err: status.error }, 'the broker reports an error');
      }
    }
  }

  private change(change: LinkChange): void {
    if (this.state === change || this.state === 'closed') return;
    this.state = change;
    for (const listener of [...this.listeners]) listener(change);
  }
}

/** Milliseconds as JetStream's API wants them. */
export const inNanos = (ms: number): number => nanos(ms);
