import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { FaultBoard } from './faults';

/** The faults that can strike any request: a destroyed connection, a slow answer, and the two ways to say "too much". */
export function registerInterruptions(app: FastifyInstance, faults: FaultBoard, dropped: (method: string, path: string) => void): void {
  app.addHook('onRequest', async (request, reply) => {
    if (faults.take('drop')) {
      dropped(request.method, request.url);
      reply.hijack();
      request.raw.socket.destroy();
      return reply;
    }
    if (faults.take('slow')) await delay(faults.slowMs);
    const wait = String(faults.retryAfterSeconds);
    if (faults.take('any.429')) return reply.status(429).header('Retry-After', wait).type('text/html;charset=UTF-8').send('Too Many Requests');
    if (faults.take('any.503')) return reply.status(503).header('Retry-After', wait).type('text/html;charset=UTF-8').send('Service Temporary Unavailable');
    return undefined;
  });
}
