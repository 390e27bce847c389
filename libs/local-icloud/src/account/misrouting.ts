import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';
import type { FaultBoard } from '../faults';

/**
 * Refusals that the setup and the photo service share. A misrouted connection stays so: every further request on it answers 421 until
 * the client opens another (icloudpd-rs resets its pool for that reason).
 */
export class Misrouting {
  private readonly misrouted = new WeakSet<Socket>();

  constructor(private readonly faults: FaultBoard) {}

  /** Answers the request if something is to go wrong with it; true if it was answered. */
  async answered(request: FastifyRequest, reply: FastifyReply, service: 'setup' | 'service'): Promise<boolean> {
    const socket = request.raw.socket;
    if (this.faults.take(`${service}.421.sticky`)) this.misrouted.add(socket);
    if (this.misrouted.has(socket) || this.faults.take(`${service}.421`)) {
      await reply.status(421).type('text/html').send('<html><body>Misdirected Request</body></html>');
      return true;
    }
    if (service === 'service' && this.faults.take('service.450')) {
      await reply.status(450).send({ success: false, error: 'Authentication required for this account' });
      return true;
    }
    if (this.faults.take('http200.rscd401')) {
      await reply.status(200).header('X-Apple-I-Rscd', '401').send({});
      return true;
    }
    if (this.faults.take('http200.hasError')) {
      const error = { code: 'AUTH-401', title: 'Authentication required', message: 'Authentication required.', suppressDismissal: false };
      await reply.status(200).send({ hasError: true, service_errors: [error] });
      return true;
    }
    return false;
  }
}
