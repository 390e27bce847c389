import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FaultBoard, UploadRoute } from '../faults';

/** How a request ends: an answer, a broken connection, or nothing at all while the connection stays. */
export type Outcome = { readonly status: number; readonly body: object; readonly retryAfter?: number } | 'cut' | 'silence';

export const answer = (body: object): Outcome => ({ status: 200, body });

/** A refusal in the form that the withdrawn uploadimagews answers with. */
export function refusal(status: number, reason: string, retryAfter?: number): Outcome {
  return { status, body: { requestUUID: randomUUID(), errorReason: reason, errorCode: status }, ...(retryAfter !== undefined && { retryAfter }) };
}

export function settle(outcome: Outcome, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (typeof outcome === 'object') {
    if (outcome.retryAfter !== undefined) reply.header('Retry-After', String(outcome.retryAfter));
    return reply.status(outcome.status).send(outcome.body);
  }
  reply.hijack();
  if (outcome === 'cut') request.raw.socket.destroy();
  return reply;
}

/** The faults that strike before a request is looked at; null: it goes on. @param endSession ends the web session, for this request and all others */
export async function struck(route: UploadRoute, faults: FaultBoard, endSession: () => void): Promise<Outcome | null> {
  if (faults.take(`${route}.slow`)) await delay(faults.slowMs);
  if (faults.take(`${route}.dead`)) return 'silence';
  if (faults.take(`${route}.drop`)) return 'cut';
  if (faults.take(`${route}.429`)) return refusal(429, 'Too Many Requests', faults.retryAfterSeconds);
  if (faults.take(`${route}.503`)) return refusal(503, 'Service Unavailable', faults.retryAfterSeconds);
  if (faults.take(`${route}.403`)) return refusal(403, 'Forbidden');
  if ((route === 'createUploadUrl' || route === 'putAsset') && faults.take(`${route}.421`)) endSession();
  return null;
}
