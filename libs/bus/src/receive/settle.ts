import { catalogue, type Emit, type Outcome } from '@media-pipeline/contracts';
import type { BusLogger } from '../logger';
import type { Publisher } from '../publisher';
import type { DeadLetterListener } from '../dead-letters/dead-letter-listener';
import type { Intake } from '../topology/consumers';
import type { Delivery } from './delivery';
import { aboutOf, assetOf, looselyParse } from './parse-body';
import { backoff, verdictOfOutcome, verdictOfThrown, type Attempt, type Verdict } from './verdict';

const isSecret = ({ subject }: Intake): boolean => catalogue[subject].secret;
const nothing = new Uint8Array();

/** Emits under way at a time; their order does not matter. */
const publishesAtOnce = 16;

/** Where a settled message went: the names of the outcomes; what was thrown ends as `retry` or `dead`. */
export type SettledAs = Outcome['kind'];

/**
 * The one place where what a handler returned or threw becomes publish → confirmation → ack, nak or term.
 * The order is what keeps work from being lost: what follows from a message is stored before the message is ended.
 */
export class Settlement {
  constructor(
    private readonly publisher: Publisher,
    private readonly listener: DeadLetterListener,
    private readonly logger: BusLogger,
  ) {}

  /**
   * Carries out a handler's answer.
   * @param handle calls the handler
   * @param attempt what is known of earlier tries; asked only when something is thrown
   * @param abandoned true once the message was handed back: then nothing more may be said for it
   */
  async settle(delivery: Delivery, intake: Intake, handle: () => Promise<Outcome>, attempt: () => Attempt, abandoned: () => boolean): Promise<SettledAs> {
    const verdict = await this.judge(delivery, intake, handle, attempt, abandoned);
    if (abandoned()) return 'retry';
    try {
      const settled = await this.carryOut(verdict, delivery, intake);
      if (verdict.kind !== 'again') await this.forget(delivery.sequence, intake);
      return settled;
    } catch (thrown) {
      // the broker or the listener (the database) is away: leave the message to its next delivery
      this.logger.error({ err: thrown, subject: delivery.subject, sequence: delivery.sequence }, 'could not settle a message; it will come again');
      await delivery.nak(backoff(intake.backoffMs, delivery.deliveries)).catch(() => undefined);
      return 'retry';
    }
  }

  /** Stores a dead letter, tells the listener. Both may happen twice, with the same result. */
  async bury(verdict: Extract<Verdict, { kind: 'dead' }>, intake: Intake, message: { subject: string; body: Uint8Array; sequence: number; deliveries: number }): Promise<void> {
    const { subject, sequence, deliveries } = message;
    const body = isSecret(intake) ? nothing : message.body;
    const payload = looselyParse(body);
    const { code, reason } = verdict;
    this.logger.warn({ subject, sequence, code, reason, about: aboutOf(payload) }, 'a message is dead');
    const facts = { code, reason, subject, consumer: intake.durable, deliveries, sequence, assetId: assetOf(payload) };
    await this.publisher.storeLetter(intake.stage, facts, body, `dead:${intake.durable}:${sequence}`);
    await this.listener.dead({ stage: intake.stage, subject, code, reason, payload });
  }

  /** Erases a message that is done with, where its subject is secret. One that could not be is only said so: it is settled all the same. */
  async forget(sequence: number, intake: Intake): Promise<void> {
    if (!isSecret(intake)) return;
    await this.publisher.erase(sequence).catch((thrown: unknown) => this.logger.warn({ err: thrown, subject: intake.subject, sequence }, 'a secret message could not be erased from the stream'));
  }

  private async judge(delivery: Delivery, intake: Intake, handle: () => Promise<Outcome>, attempt: () => Attempt, abandoned: () => boolean): Promise<Verdict> {
    try {
      const outcome = await handle();
      if (outcome.kind === 'done' || outcome.kind === 'skip') await this.publishAll(outcome.emits, abandoned);
      return verdictOfOutcome(outcome, delivery.deliveries, intake);
    } catch (thrown) {
      const verdict = verdictOfThrown(thrown, attempt(), intake);
      if (verdict.kind === 'again' && !abandoned()) {
        this.logger.warn({ err: thrown, subject: delivery.subject, sequence: delivery.sequence, deliveries: delivery.deliveries, againAfterMs: verdict.afterMs }, 'an attempt failed');
      }
      return verdict;
    }
  }

  private async carryOut(verdict: Verdict, delivery: Delivery, intake: Intake): Promise<SettledAs> {
    switch (verdict.kind) {
      case 'ack':
        if (verdict.reason !== undefined) this.logger.debug({ subject: delivery.subject, sequence: delivery.sequence, reason: verdict.reason }, 'skipped');
        await delivery.ack();
        return verdict.as;
      case 'again':
        await delivery.nak(verdict.afterMs);
        return 'retry';
      case 'renew':
        await this.publisher.store(delivery.subject, delivery.body, `renew:${intake.durable}:${delivery.sequence}`);
        await delivery.ack();
        return 'retry';
      case 'dead':
        await this.bury(verdict, intake, delivery);
        await delivery.term();
        return 'dead';
    }
  }

  /** Publishes as they come, a few at a time; returns when every one is confirmed. The first failure ends it. */
  private async publishAll(emits: Iterable<Emit> | AsyncIterable<Emit>, abandoned: () => boolean): Promise<void> {
    const underWay = new Set<Promise<void>>();
    const failures: unknown[] = [];
    try {
      for await (const emit of emits) {
        if (abandoned() || failures.length > 0) break;
        const publishing: Promise<void> = this.publisher
          .publish(emit)
          .then(() => undefined)
          .catch((thrown: unknown) => void failures.push(thrown))
          .finally(() => underWay.delete(publishing));
        underWay.add(publishing);
        if (underWay.size >= publishesAtOnce) await Promise.race(underWay);
      }
    } finally {
      await Promise.all(underWay);
    }
    if (failures.length > 0) throw failures[0];
  }
}

