import { dead, done, errorCatalogue, PipelineError, retry, skip, type ErrorCode } from '@media-pipeline/contracts';
import fc from 'fast-check';
import { liveSequences } from '../dead-letters/dead-letter-box';
import { decodeHeaderValue, encodeHeaderValue } from '../dead-letters/letter-headers';
import { parseServerAddress } from '../connection/server-address';
import { intakeOf, intakes } from '../topology/consumers';
import { differs } from '../topology/provision';
import { firstNeeded } from '../topology/room';
import { parseReply } from './delivery';
import { FailureCounts } from './failure-counts';
import { parseBody } from './parse-body';
import { readStatus } from './puller';
import { backoff, verdictOfOutcome, verdictOfThrown, type Attempt } from './verdict';

const policy = { maxDeliver: 6, backoffMs: [1, 5, 30] };
const first: Attempt = { failures: 1, deliveries: 1, draining: false };

describe('the verdict', () => {
  it('on an outcome', () => {
    expect(verdictOfOutcome(done(), 1, policy)).toMatchObject({ kind: 'ack', as: 'done' });
    expect(verdictOfOutcome(skip('off'), 1, policy)).toMatchObject({ kind: 'ack', as: 'skip', reason: 'off' });
    expect(verdictOfOutcome(dead('NOT_MEDIA', 'text'), 1, policy)).toEqual({ kind: 'dead', code: 'NOT_MEDIA', reason: 'text' });
    expect(verdictOfOutcome(retry(70, 'later'), 11, policy)).toMatchObject({ kind: 'again', afterMs: 70 });
    expect(verdictOfOutcome(retry(70, 'later'), 12, policy)).toMatchObject({ kind: 'renew' });
  });

  it.each(Object.keys(errorCatalogue) as ErrorCode[])('on a thrown %s follows its kind', (code) => {
    const expected = errorCatalogue[code].kind === 'environment' ? 'again' : 'dead';
    expect(verdictOfThrown(new PipelineError(code, 'x'), first, policy)).toMatchObject({ kind: expected, code });
  });

  it('on a system error follows what the errno means', () => {
    expect(verdictOfThrown(Object.assign(new Error('full'), { code: 'ENOSPC' }), first, policy)).toMatchObject({ kind: 'again', code: 'DISK_FULL', afterMs: 1 });
    expect(verdictOfThrown(Object.assign(new Error('loop'), { code: 'ELOOP' }), first, policy)).toMatchObject({ kind: 'dead', code: 'LINK_LOOP' });
    expect(verdictOfThrown('a string', first, policy)).toMatchObject({ kind: 'again', code: 'UNEXPECTED' });
  });

  it('ends after enough failures, or when the server would not deliver once more', () => {
    const thrown = new PipelineError('IO_ERROR', 'x');
    expect(verdictOfThrown(thrown, { ...first, failures: 5 }, policy).kind).toBe('again');
    expect(verdictOfThrown(thrown, { ...first, failures: 6 }, policy).kind).toBe('dead');
    expect(verdictOfThrown(thrown, { ...first, deliveries: 17 }, policy).kind).toBe('again');
    expect(verdictOfThrown(thrown, { ...first, deliveries: 18 }, policy).kind).toBe('dead');
  });

  it('while draining gives the message back at once', () => {
    expect(verdictOfThrown(new Error('aborted'), { ...first, draining: true }, policy)).toMatchObject({ kind: 'again', afterMs: 0 });
  });

  it('waits longer each time, and the last wait repeats', () => {
    expect([1, 2, 3, 4, 9].map((failures) => backoff([1, 5, 30], failures))).toEqual([1, 5, 30, 30, 30]);
    expect(backoff([], 3)).toBe(0);
  });
});

describe('header values', () => {
  it('come back as they were, and are one line of printable ASCII', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const encoded = encodeHeaderValue(text);
        expect(encoded).toMatch(/^[\x20-\x7e]*$/);
        expect(decodeHeaderValue(encoded)).toBe(Buffer.from(text.trim()).toString('utf8'));
      }),
    );
  });
  it('written by hand stay as they are', () => expect(decodeHeaderValue('100% sure')).toBe('100% sure'));
});

describe('bodies', () => {
  it('that are no UTF-8, or nothing, are read as such', () => {
    expect(() => parseBody('media.discovered', Uint8Array.of(0x22, 0xff, 0x22))).toThrow(/^not JSON/);
    expect(parseBody('media.ingest.requested', new Uint8Array())).toEqual({});
  });
  it('of any kind give a payload or INVALID_MESSAGE', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        try {
          parseBody('media.discovered', Buffer.from(text));
        } catch (error) {
          expect(error).toMatchObject({ code: 'INVALID_MESSAGE' });
        }
      }),
    );
  });
});

it('reads the reply subject of old and new servers', () => {
  expect(parseReply('$JS.ACK.MEDIA.dedupe.2.17.5.1795365965114648874.0')).toEqual({ sequence: 17, deliveries: 2 });
  expect(parseReply('$JS.ACK.hub.ABC123.MEDIA.dedupe.2.17.5.1795365965114648874.0.token')).toEqual({ sequence: 17, deliveries: 2 });
  expect(parseReply('_INBOX.x')).toBeUndefined();
});

it('reads the answers to a pull request', () => {
  expect(readStatus(408, 'Request Timeout').kind).toBe('nothing');
  expect(readStatus(503, '').kind).toBe('missing');
  expect(readStatus(409, 'Consumer Deleted').kind).toBe('missing');
  expect(readStatus(409, 'Exceeded MaxWaiting').kind).toBe('refused');
});

it('counts failures per message and forgets the oldest', () => {
  const counts = new FailureCounts(2);
  expect([counts.add(1), counts.add(1), counts.add(2), counts.add(3), counts.add(1)]).toEqual([1, 2, 1, 1, 1]);
  counts.clear(3);
  expect(counts.add(3)).toBe(1);
});

it('finds the newest letters between the gaps', () => {
  const state = { first_seq: 2, last_seq: 9, messages: 5, deleted: [3, 8, 5] };
  expect(liveSequences(state, 3, Infinity)).toEqual([6, 7, 9]);
  expect(liveSequences(state, 9, 7)).toEqual([2, 4, 6]);
  expect(liveSequences({ first_seq: 0, last_seq: 9, messages: 0 }, 3, Infinity)).toEqual([]);
});

it('gives each stage its own consumer of a subject', () => {
  const all = intakes({ ackWaitMs: 7 });
  expect(new Set(all.map(({ durable }) => durable)).size).toBe(all.length);
  expect(intakeOf(all, 'sorter', 'media.compressed')).toMatchObject({ durable: 'sorter-early', ackWaitMs: 7 });
  expect(intakeOf(all, 'bridge', 'media.compressed')).toMatchObject({ durable: 'bridge' });
  expect(intakeOf(all, 'bridge', 'media.unique')).toBeUndefined();
});

it('removes nothing that a consumer still needs', () => {
  const idle = { num_pending: 0, num_ack_pending: 0, ack_floor: { stream_seq: 3 } };
  expect(firstNeeded([idle, { ...idle, ack_floor: { stream_seq: 0 } }], 50)).toBe(51);
  expect(firstNeeded([idle, { ...idle, num_ack_pending: 1 }], 50)).toBe(4);
  expect(firstNeeded([{ ...idle, num_pending: 1, ack_floor: { stream_seq: 0 } }], 50)).toBe(1);
});

it('sees a setting that differs, and none in what the server adds', () => {
  expect(differs({ a: [1, 2] }, { a: [1, 2], more: 1 })).toBe(false);
  expect(differs({ a: [1, 2] }, { a: [2, 1] })).toBe(true);
});

it('reads addresses, with names and passwords, and hides those in errors', () => {
  expect(parseServerAddress('nats://a:4333, b')).toEqual({ servers: ['a:4333', 'b:4222'] });
  expect(parseServerAddress('nats://me:p%40ss@a')).toEqual({ servers: ['a:4222'], user: 'me', pass: 'p@ss' });
  expect(parseServerAddress('nats://token@a')).toEqual({ servers: ['a:4222'], token: 'token' });
  expect(() => parseServerAddress('nats://me:secret@a:port')).toThrow(/^(?!.*secret)/);
});
