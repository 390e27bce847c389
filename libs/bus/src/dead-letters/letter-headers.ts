import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { deadLetterHeaders, isErrorCode, stageNames, type DeadLetter, type ErrorCode, type StageName } from '@media-pipeline/contracts';

/** What the headers of a dead letter say. */
export interface LetterFacts {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly subject: string;
  readonly consumer: string;
  readonly deliveries: number;
  readonly sequence: number;
  readonly assetId: string | undefined;
}

const longestReason = 2_000;

/** A header value is one line of printable ASCII: everything else, and `%` itself, is percent-encoded UTF-8. */
export const encodeHeaderValue = (text: string): string => text.trim().replace(/[^\x20-\x24\x26-\x7e]/gu, (character) => percentEncode(character));

const percentEncode = (character: string): string => [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');

/** The inverse; a value that somebody wrote by hand and that is not valid percent-encoding stays as it is. */
export function decodeHeaderValue(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

export function toHeaders(facts: LetterFacts): MsgHdrs {
  const result = headers();
  result.set(deadLetterHeaders.code, facts.code);
  result.set(deadLetterHeaders.reason, encodeHeaderValue(facts.reason.slice(0, longestReason)));
  result.set(deadLetterHeaders.subject, encodeHeaderValue(facts.subject));
  result.set(deadLetterHeaders.consumer, facts.consumer);
  result.set(deadLetterHeaders.deliveries, String(facts.deliveries));
  result.set(deadLetterHeaders.sequence, String(facts.sequence));
  if (facts.assetId !== undefined) result.set(deadLetterHeaders.asset, encodeHeaderValue(facts.assetId));
  return result;
}

/** A stored dead letter as a person reads it; undefined when its subject names no stage. */
export function readLetter(stored: { subject: string; seq: number; time: Date; header: MsgHdrs | undefined; data: Uint8Array }): DeadLetter | undefined {
  const stage = stageOf(stored.subject);
  if (!stage) return undefined;
  const value = (name: string): string => decodeHeaderValue(stored.header?.get(name) ?? '');
  const code = value(deadLetterHeaders.code);
  return {
    sequence: stored.seq,
    at: stored.time,
    stage,
    subject: value(deadLetterHeaders.subject),
    code: isErrorCode(code) ? code : 'UNEXPECTED',
    reason: value(deadLetterHeaders.reason),
    deliveries: Number(value(deadLetterHeaders.deliveries)) || 0,
    assetId: value(deadLetterHeaders.asset) || undefined,
    body: stored.data,
  };
}

function stageOf(subject: string): StageName | undefined {
  return stageNames.find((stage) => subject === `media.failed.${stage}`);
}
