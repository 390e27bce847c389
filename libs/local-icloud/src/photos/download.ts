import { setTimeout } from 'node:timers/promises';
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { openContent } from './content';
import type { Content } from './content';
import type { PhotoService } from './service';

interface Part {
  readonly start: number;
  readonly end: number;
}

/** `GET /B/<checksums>/<name>?…&s=<signature>`: the bytes of one resource, whole or a range of them, streamed. */
export function answerDownload(service: PhotoService, request: FastifyRequest<{ Params: { id: string }; Querystring: Record<string, unknown> }>, reply: FastifyReply): FastifyReply {
  const { faults, library } = service;
  if (faults.take('download.drop')) {
    reply.hijack();
    request.raw.destroy();
    return reply;
  }
  if (faults.take('download.429')) return reply.code(429).header('Retry-After', '1').send('Too Many Requests');
  const judged = library.urls.judge(request.params.id, request.query);
  if (judged === 'forged') return reply.code(403).send('Forbidden');
  if (judged === 'expired') return reply.code(410).send('Gone');
  if (faults.take('download.410')) {
    library.urls.kill(request.query);
    return reply.code(410).send('Gone');
  }
  const content = library.content(judged.checksum);
  if (content === undefined) return reply.code(404).send('Not Found');
  if (faults.take('download.html')) return reply.type('text/html; charset=utf-8').send('<!DOCTYPE html>\n<html><head><title>iCloud</title></head><body>Service Temporarily Unavailable</body></html>\n');
  // 17 bytes inside HTTP 200 are what clients report, without cookies for example
  if (faults.take('download.tinyError') || (library.contentNeedsCookies && request.headers.cookie === undefined)) return reply.type('application/octet-stream').send('{"errorCode":501}');
  return send(service, content, request, reply);
}

function send({ faults }: PhotoService, content: Content, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const etag = `"${content.checksum}"`;
  reply.headers({ 'Accept-Ranges': 'bytes', 'Content-Type': 'application/octet-stream', 'Content-Disposition': 'attachment', ETag: etag });
  const ifRange = request.headers['if-range'];
  const asked = ifRange === undefined || ifRange === etag ? rangeOf(request.headers.range, content.bytes) : null;
  if (asked === 'unsatisfiable') return reply.code(416).header('Content-Range', `bytes */${String(content.bytes)}`).type('text/plain').send('');
  const range = asked !== null && faults.take('download.ignoreRange') ? null : asked;
  const { start, end } = range ?? { start: 0, end: content.bytes };
  if (range !== null) reply.code(206).header('Content-Range', `bytes ${String(start)}-${String(end - 1)}/${String(content.bytes)}`);

  const length = end - start;
  const truncated = length > 1 && faults.take('download.truncate');
  // in turn: the connection breaks in the middle, and the answer is complete but short
  const broken = truncated && faults.hits('download.truncate') % 2 === 1;
  const sent = truncated ? Math.floor(length / 2) : length;
  const flipped = sent > 0 && faults.take('download.flip') ? Math.floor(sent / 2) : null;
  const slow = faults.take('download.slow');
  reply.header('Content-Length', String(broken ? length : sent));
  const stream = openContent(content, start, start + sent);
  if (!broken && flipped === null && !slow) return reply.send(stream);
  return reply.send(Readable.from(spoil(stream, { flipped, slow, atEnd: broken ? () => request.raw.destroy() : null }), { objectMode: false }));
}

async function* spoil(stream: Readable, how: { flipped: number | null; slow: boolean; atEnd: (() => void) | null }): AsyncGenerator<Buffer> {
  let at = 0;
  let pauses = 40;
  for await (const chunk of stream) {
    if (!(chunk instanceof Uint8Array)) continue;
    const bytes = Buffer.from(chunk);
    if (how.flipped !== null && how.flipped >= at && how.flipped < at + bytes.length) bytes.writeUInt8(bytes.readUInt8(how.flipped - at) ^ 0x10, how.flipped - at);
    at += bytes.length;
    if (how.slow && pauses-- > 0) await setTimeout(25);
    yield bytes;
  }
  if (how.atEnd !== null) {
    // what was written so far has to leave before the connection breaks
    await setTimeout(10);
    how.atEnd();
  }
}

/** One byte range; null: none, or several, or not understood, which all mean the whole (RFC 9110, 14.2). */
function rangeOf(header: string | undefined, bytes: number): Part | 'unsatisfiable' | null {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '') ?? [];
  if (first === '' && last === '') return null;
  if (first === '') return Number(last) === 0 || bytes === 0 ? 'unsatisfiable' : { start: Math.max(0, bytes - Number(last)), end: bytes };
  const start = Number(first);
  if (start >= bytes) return 'unsatisfiable';
  if (last !== '' && Number(last) < start) return null;
  return { start, end: last === '' ? bytes : Math.min(bytes, Number(last) + 1) };
}
