import { randomUUID } from 'node:crypto';
import { catalogue, failedSubject, isSubject, PipelineError, subjects, type Emit } from '@media-pipeline/contracts';
import type { BrokerLink } from './connection/broker-link';
import { isGone, isMissing } from './connection/broker-errors';
import { toHeaders, type LetterFacts } from './dead-letters/letter-headers';
import type { DeadMessage } from './dead-letters/dead-letter-listener';
import { explainIssues } from './receive/parse-body';
import { mediaStream } from './topology/streams';

/** Where a published message lies. */
export interface PublishedMessage {
  readonly stream: string;
  readonly sequence: number;
  /** It had been said before within the duplicate window; nothing was stored. */
  readonly duplicate: boolean;
}

/** Puts messages into the streams; each call waits for the server's confirmation. */
export class Publisher {
  constructor(
    private readonly link: BrokerLink,
    private readonly patienceMs: number,
    private readonly restoreStreams: () => Promise<void>,
    private readonly makeRoom: () => Promise<number>,
  ) {}

  /**
   * @throws PipelineError INVALID_MESSAGE when the payload does not fit the catalogue's schema, BROKER_FULL,
   * BROKER_UNAVAILABLE when the broker did not confirm in time
   */
  async publish(emit: Emit): Promise<PublishedMessage> {
    const parsed = catalogue[emit.subject].schema.safeParse(emit.payload);
    if (!parsed.success) throw new PipelineError('INVALID_MESSAGE', `${emit.subject}: ${explainIssues(parsed.error)}`);
    return this.store(emit.subject, JSON.stringify(emit.payload), emit.id);
  }

  /** As an operator would: any text on any subject of the catalogue. @throws like {@link publish}, without looking at the payload */
  async publishRaw(subject: string, json: string): Promise<PublishedMessage> {
    if (!isSubject(subject)) throw new PipelineError('INVALID_MESSAGE', `"${subject}" is no subject of the pipeline; there are ${subjects.join(', ')}`);
    return this.store(subject, json, randomUUID());
  }

  /** Stores a dead letter; the same message dead of the same consumer is stored once. */
  async storeLetter(stage: DeadMessage['stage'], facts: LetterFacts, body: Uint8Array | string, id: string): Promise<PublishedMessage> {
    return this.store(failedSubject(stage), body, id, facts);
  }

  /** Stores a body as it is. Repeated by message id until confirmed, so it lies there once. */
  async store(subject: string, body: Uint8Array | string, msgID: string, facts?: LetterFacts): Promise<PublishedMessage> {
    try {
      return await this.storeOnce(subject, body, msgID, facts);
    } catch (thrown) {
      if (!(thrown instanceof PipelineError) || thrown.code !== 'BROKER_FULL' || (await this.makeRoom()) === 0) throw thrown;
      return this.storeOnce(subject, body, msgID, facts);
    }
  }

  /** Takes a message out of the stream and overwrites its bytes on the broker's disk; one that is gone already is success. @throws PipelineError BROKER_UNAVAILABLE */
  async erase(sequence: number): Promise<void> {
    await this.link.patiently(`erasing message ${sequence}`, this.patienceMs, async () => {
      try {
        await this.link.manager.streams.deleteMessage(mediaStream, sequence, true);
      } catch (thrown) {
        if (!isGone(thrown)) throw thrown;
      }
    });
  }

  private async storeOnce(subject: string, body: Uint8Array | string, msgID: string, facts: LetterFacts | undefined): Promise<PublishedMessage> {
    const { seq, stream, duplicate } = await this.link.patiently(`publishing ${subject}`, this.patienceMs, async () => {
      try {
        return await this.link.streams.publish(subject, body, facts ? { msgID, headers: toHeaders(facts) } : { msgID });
      } catch (thrown) {
        // no stream listens on the subject: the broker came back without its store
        if (isMissing(thrown)) await this.restoreStreams();
        throw thrown;
      }
    });
    return { stream, sequence: seq, duplicate };
  }
}
