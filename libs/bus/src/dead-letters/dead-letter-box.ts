import type { StreamState } from '@nats-io/jetstream';
import { catalogue, isSubject, PipelineError, type DeadLetter } from '@media-pipeline/contracts';
import { isGone } from '../connection/broker-errors';
import type { BrokerLink } from '../connection/broker-link';
import { deadStream } from '../topology/streams';
import type { PublishedMessage, Publisher } from '../publisher';
import { readLetter } from './letter-headers';

const patienceMs = 10_000;
const readAtOnce = 16;

export interface DeadLetterPage {
  /** At most so many, the newest ones. */
  readonly limit?: number;
  /** Only those with a smaller sequence: the first of the page before. */
  readonly before?: number;
}

/** The dead letters: read, tried again, thrown away. */
export class DeadLetterBox {
  constructor(
    private readonly link: BrokerLink,
    private readonly publisher: Publisher,
  ) {}

  /** A page of dead letters, newest last. @throws PipelineError BROKER_UNAVAILABLE */
  async list({ limit = 100, before = Infinity }: DeadLetterPage = {}): Promise<DeadLetter[]> {
    const { state } = await this.ask('listing dead letters', () => this.link.manager.streams.info(deadStream, { deleted_details: true }));
    const sequences = liveSequences(state, limit, before);
    const letters: (DeadLetter | undefined)[] = [];
    for (let start = 0; start < sequences.length; start += readAtOnce) {
      letters.push(...(await Promise.all(sequences.slice(start, start + readAtOnce).map((sequence) => this.get(sequence)))));
    }
    return letters.filter((letter) => letter !== undefined);
  }

  /** How many there are. */
  async count(): Promise<number> {
    return (await this.ask('counting dead letters', () => this.link.manager.streams.info(deadStream))).state.messages;
  }

  async get(sequence: number): Promise<DeadLetter | undefined> {
    const stored = await this.ask(`reading dead letter ${sequence}`, () => this.link.manager.streams.getMessage(deadStream, { seq: sequence }).catch(nullWhenGone));
    return stored === null ? undefined : readLetter(stored);
  }

  /**
   * Says the original message again, then removes the letter. Asked twice, it is said once.
   * @throws PipelineError UNKNOWN_ASSET when there is no such letter; INVALID_MESSAGE when what it said was secret and is gone
   */
  async retry(sequence: number): Promise<PublishedMessage> {
    const letter = await this.get(sequence);
    if (!letter) throw noSuchLetter(sequence);
    if (isSubject(letter.subject) && catalogue[letter.subject].secret) throw new PipelineError('INVALID_MESSAGE', `what ${letter.subject} said was secret and was not kept: say it anew`);
    const published = await this.publisher.store(letter.subject, letter.body, `retry:${sequence}:${letter.at.getTime()}`);
    await this.drop(sequence);
    return published;
  }

  /** Removes the letter for good; false when it was not there. */
  async drop(sequence: number): Promise<boolean> {
    return this.ask(`dropping dead letter ${sequence}`, () => this.link.manager.streams.deleteMessage(deadStream, sequence).catch(falseWhenGone));
  }

  private ask<T>(doing: string, attempt: () => Promise<T>): Promise<T> {
    return this.link.patiently(doing, patienceMs, attempt);
  }
}

/** The last `limit` sequences below `before` that still hold a message, ascending. */
export function liveSequences(state: Pick<StreamState, 'first_seq' | 'last_seq' | 'messages'> & { deleted?: number[] }, limit: number, before: number): number[] {
  if (state.messages === 0) return [];
  const deleted = new Set(state.deleted ?? []);
  const sequences: number[] = [];
  for (let sequence = Math.min(state.last_seq, before - 1); sequence >= state.first_seq && sequences.length < limit; sequence--) {
    if (!deleted.has(sequence)) sequences.push(sequence);
  }
  return sequences.reverse();
}

const noSuchLetter = (sequence: number): PipelineError => new PipelineError('UNKNOWN_ASSET', `there is no dead letter ${sequence}`);

function nullWhenGone(thrown: unknown): null {
  if (isGone(thrown)) return null;
  throw thrown;
}
function falseWhenGone(thrown: unknown): false {
  if (isGone(thrown)) return false;
  throw thrown;
}
