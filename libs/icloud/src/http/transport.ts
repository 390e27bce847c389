import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { PipelineError } from '@media-pipeline/contracts';
import { Agent, request as send } from 'undici';
import type { Answer } from './answer';

/** One HTTP request, ready to go out. */
export interface WebRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Readable;
  /** In place of the usual limit: a server may think about a large file for a while before it answers. */
  readonly silenceMs?: number;
}

/** A connection that failed. Names the host and the reason, never the address that was asked for nor what was sent. */
export class Dropped extends Error {
  override readonly name = 'Dropped';

  constructor(
    readonly host: string,
    readonly reason: string,
    /** The server may have got the request. */
    readonly sent: boolean,
  ) {
    super(`${host}: ${reason}`);
  }
}

export interface Limits {
  readonly connectMs: number;
  /** Until the head of an answer, and between two pieces of its body. */
  readonly silenceMs: number;
}
const defaultLimits: Limits = { connectMs: 15_000, silenceMs: 60_000 };
const largestAnswerBytes = 64 * 1024 * 1024;

/**
 * Connections of our own, apart from those of the rest of the process: they can be thrown away when Apple says that one of them leads to the
 * wrong server (421, "misdirected request"). HTTP/1.1 only, so that no connection is shared between hosts.
 */
export class Transport {
  private agent: Agent;

  constructor(private readonly limits: Limits = defaultLimits) {
    this.agent = this.newAgent();
  }

  /** Sends a request and reads the whole answer. @throws Dropped; ICLOUD_ANSWER_UNKNOWN when the answer has no end; the signal's reason */
  async exchange(request: WebRequest, signal?: AbortSignal): Promise<Answer> {
    const { status, headers, setCookies, body } = await this.start({ ...request, headers: { 'accept-encoding': 'gzip', ...request.headers } }, signal);
    const text = await readText(body, headers['content-encoding'] === 'gzip').catch((error: unknown) => {
      throw this.explain(error, request.url, signal, true);
    });
    return { status, headers, setCookies, text, json: parse(text) };
  }

  /** Sends a request and hands out the body as it comes. @throws Dropped; the signal's reason */
  async start(request: WebRequest, signal?: AbortSignal): Promise<{ status: number; headers: Record<string, string>; setCookies: readonly string[]; body: Readable }> {
    try {
      const { method, url, headers, body = null, silenceMs } = request;
      const answer = await send(url, { method, headers, body, dispatcher: this.agent, ...(silenceMs !== undefined && { headersTimeout: silenceMs }), ...(signal && { signal }) });
      const setCookies = answer.headers['set-cookie'] ?? [];
      return { status: answer.statusCode, headers: flat(answer.headers), setCookies: Array.isArray(setCookies) ? setCookies : [setCookies], body: answer.body };
    } catch (error) {
      throw this.explain(error, request.url, signal, false);
    }
  }

  /** The next request opens new connections; what is under way ends on the old ones. */
  reset(): void {
    const old = this.agent;
    this.agent = this.newAgent();
    void old.close().catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private newAgent(): Agent {
    const { connectMs, silenceMs } = this.limits;
    return new Agent({ connect: { timeout: connectMs }, headersTimeout: silenceMs, bodyTimeout: silenceMs, allowH2: false });
  }

  private explain(error: unknown, url: string, signal: AbortSignal | undefined, sent: boolean): unknown {
    if (signal?.aborted) return signal.reason;
    if (error instanceof PipelineError) return error;
    const code = reasonOf(error);
    return new Dropped(new URL(url).hostname, code, sent || !neverSent.has(code));
  }
}

/** Errors that come before a byte of the request is on its way. */
const neverSent: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);

function reasonOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'name' in error && typeof error.name === 'string' ? error.name : 'unknown';
}

const flat = (headers: NodeJS.Dict<string | string[]>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value]])));

const unzip = promisify(gunzip);

async function readText(body: Readable, zipped: boolean): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > largestAnswerBytes) throw new PipelineError('ICLOUD_ANSWER_UNKNOWN', 'an answer without an end');
    chunks.push(chunk);
  }
  const whole = Buffer.concat(chunks);
  return (zipped && whole.length > 0 ? await unzip(whole, { maxOutputLength: 4 * largestAnswerBytes }) : whole).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
