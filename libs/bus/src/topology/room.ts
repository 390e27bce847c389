import type { ConsumerInfo, JetStreamManager } from '@nats-io/jetstream';
import { advisoryStream, mediaStream } from './streams';

type Position = Pick<ConsumerInfo, 'num_pending' | 'num_ack_pending'> & { readonly ack_floor: Pick<ConsumerInfo['ack_floor'], 'stream_seq'> };

/**
 * The first sequence of MEDIA that somebody may still need: what lies before it was settled by every consumer that takes it.
 * @param lastSequence of the stream, read before the consumers were
 */
export function firstNeeded(consumers: readonly Position[], lastSequence: number): number {
  const wanted = consumers.map(({ num_pending, num_ack_pending, ack_floor }) => (num_pending + num_ack_pending === 0 ? Infinity : ack_floor.stream_seq + 1));
  return Math.min(lastSequence + 1, ...wanted);
}

/**
 * Removes settled messages from MEDIA before their time; returns how many. Limits retention keeps them for 30 days, which a
 * first import of half a million photos would not fit into: it would end refused by a stream full of work long done.
 */
export async function makeRoom(manager: JetStreamManager): Promise<number> {
  const { state } = await manager.streams.info(mediaStream);
  for await (const advisories of manager.consumers.list(advisoryStream)) {
    if (advisories.num_pending + advisories.num_ack_pending > 0) return 0; // they name messages that no consumer counts any more
  }
  const consumers: ConsumerInfo[] = [];
  for await (const consumer of manager.consumers.list(mediaStream)) consumers.push(consumer);
  const needed = firstNeeded(consumers, state.last_seq);
  if (state.messages === 0 || needed <= state.first_seq) return 0;
  return (await manager.streams.purge(mediaStream, { seq: needed })).purged;
}
