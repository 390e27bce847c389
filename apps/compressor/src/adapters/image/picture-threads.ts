import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { PipelineError } from '@media-pipeline/contracts';
import { chromaModule, planesModule, similarityModules } from '@media-pipeline/media';
import type { EncodeAnswer, EncodeRequest, MeasureAnswer, MeasureRequest, PictureRequest } from './picture-messages';

const extension = path.extname(__filename);
/** Beside this file: `.js` as built, `.ts` under the test runner (Node strips the types itself). */
const beside = (name: string): string => path.join(__dirname, `${name}${extension}`);

type Answer = { readonly value: unknown } | { readonly error: string };

/** One thread, in the hands of one job at a time. What libvips says is thrown as a plain Error: whose fault it is, is the caller's to say. */
export class PictureThread {
  private readonly worker = new Worker(beside('picture.worker'), { workerData: { ...similarityModules, chroma: chromaModule, planes: planesModule, search: beside('quality-search'), coding: beside('picture-coding') } });
  /** Set when the thread is of no use any more. */
  broken: Error | null = null;

  constructor() {
    this.worker.on('error', (error: unknown) => (this.broken ??= error instanceof Error ? error : new Error(String(error))));
    this.worker.on('exit', (code) => (this.broken ??= new Error(`the picture thread ended with code ${code}`)));
    this.worker.unref();
  }

  encode(request: Omit<EncodeRequest, 'task'>): Promise<EncodeAnswer> {
    return this.ask<EncodeAnswer>({ task: 'encode', ...request });
  }

  measure(request: Omit<MeasureRequest, 'task'>): Promise<MeasureAnswer> {
    return this.ask<MeasureAnswer>({ task: 'measure', ...request });
  }

  forget(): Promise<null> {
    return this.ask<null>({ task: 'forget' });
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }

  private async ask<T>(request: PictureRequest): Promise<T> {
    if (this.broken) throw new PipelineError('PROGRAM_FAILED', this.broken.message, { cause: this.broken });
    this.worker.ref();
    const stop = new AbortController();
    try {
      return await new Promise<T>((resolve, reject) => {
        const gone = (cause: unknown): void => reject(new PipelineError('PROGRAM_FAILED', `the picture thread is gone: ${String(cause)}`, { cause }));
        const settle = (answer: Answer): void => {
          if ('error' in answer) reject(new Error(answer.error));
          else resolve(answer.value as T);
        };
        this.worker.once('message', settle).once('error', gone).once('exit', gone);
        stop.signal.addEventListener('abort', () => this.worker.off('message', settle).off('error', gone).off('exit', gone));
        this.worker.postMessage(request);
      });
    } finally {
      stop.abort();
      this.worker.unref();
    }
  }
}

/** Threads for pictures: as many as jobs ever ran at once, started when first needed. Only so many jobs run as there are cores (Workshop). */
export class PictureThreads {
  private idle: PictureThread[] = [];
  private readonly all = new Set<PictureThread>();

  /** Lends a thread for as long as `work` takes; it lets go of the picture afterwards. */
  async use<T>(work: (thread: PictureThread) => Promise<T>): Promise<T> {
    const thread = this.idle.pop() ?? this.start();
    try {
      return await work(thread);
    } finally {
      if (thread.broken) this.all.delete(thread);
      else {
        await thread.forget().catch(() => null);
        this.idle.push(thread);
      }
    }
  }

  async close(): Promise<void> {
    const threads = [...this.all];
    this.all.clear();
    this.idle = [];
    await Promise.all(threads.map((thread) => thread.end()));
  }

  private start(): PictureThread {
    const thread = new PictureThread();
    this.all.add(thread);
    return thread;
  }
}
