import type { FastifyInstance } from 'fastify';
import type { Clock } from '../clock';
import type { FaultBoard } from '../faults';
import { idmsaHeaders, Refusal } from './idmsa';
import type { LocalAccount } from './local-account';
import { Misrouting } from './misrouting';
import { registerPcs } from './pcs-routes';
import { registerSetup } from './setup-routes';
import { registerSignIn } from './sign-in-routes';
import { registerVerification } from './verify-routes';
import { requireSession } from './web-session';

export { WIDGET_KEY } from './idmsa';
export { LocalAccount } from './local-account';
export type { AccountSettings, TrustedPhone } from './settings';

export interface AccountParts {
  readonly account: LocalAccount;
  readonly clock: Clock;
  readonly faults: FaultBoard;
  readonly origin: () => string;
  /** The page that signs in, for a frame. */
  readonly widget: () => Promise<string>;
}

/** Adds idmsa under /appleauth/auth and the setup service under /setup/ws/1; returns the gate for what needs a signed-in session. */
export function registerAccount(app: FastifyInstance, { account, clock, faults, origin, widget }: AccountParts): ReturnType<typeof requireSession> {
  const misrouting = new Misrouting(faults);
  void app.register(
    (idmsa, _options, done) => {
      idmsa.addHook('onRequest', async (_request, reply) => {
        idmsaHeaders(reply);
      });
      idmsa.setErrorHandler(async (error, request, reply) => {
        if (!(error instanceof Refusal)) throw error;
        const context = account.contexts.present(request.headers);
        if (typeof context === 'object') void reply.header('scnt', context.scnt); // an error does not move the sign-in on
        return reply.status(error.status).headers(error.headers).send(error.body);
      });
      registerSignIn(idmsa, account, faults, widget);
      registerVerification(idmsa, account, faults);
      done();
    },
    { prefix: '/appleauth/auth' },
  );
  void app.register(
    (setup, _options, done) => {
      registerSetup(setup, { account, clock, misrouting, origin });
      registerPcs(setup, account, clock);
      done();
    },
    { prefix: '/setup/ws/1' },
  );
  return requireSession(account, misrouting);
}
