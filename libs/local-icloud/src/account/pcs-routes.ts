import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Clock } from '../clock';
import { setCookies } from './cookies';
import type { LocalAccount } from './local-account';
import { fail } from './setup-routes';
import { pcsCookies, sessionOf } from './web-session';

const pcsBody = z.object({ appName: z.string(), derivedFromUserAction: z.boolean() });
const SERVICES: Readonly<Record<string, readonly string[]>> = { photos: ['Photos', 'Sharing'], iclouddrive: ['Documents', 'Sharing'] };

/** Web access to an account with Advanced Data Protection: a device has to consent, then it uploads the cookies (foxt/icloud.js #4). */
export function registerPcs(app: FastifyInstance, account: LocalAccount, clock: Clock): void {
  app.post('/requestWebAccessState', async (request, reply) => {
    const session = sessionOf(request, account);
    if ('error' in session) return fail(reply, 500, session.error);
    return reply.send(webAccessState(account));
  });

  app.post('/enableDeviceConsentForPCS', async (request, reply) => {
    const session = sessionOf(request, account);
    if ('error' in session) return fail(reply, 500, session.error);
    if (!account.advancedDataProtection) return reply.send({ isDeviceConsentNotificationSent: false, ...webAccessState(account) });
    account.consentsAsked += 1;
    const answer = { isDeviceConsentNotificationSent: true, ...webAccessState(account) };
    if (account.pcsConsentOnAsking) account.approveConsent();
    return reply.send(answer);
  });

  app.post('/requestPCS', async (request, reply) => {
    const session = sessionOf(request, account);
    if ('error' in session) return fail(reply, 500, session.error);
    const body = pcsBody.safeParse(request.body);
    if (body.data === undefined) return fail(reply, 400, 'Invalid request');
    const base = { isWebAccessAllowed: !account.webAccessOff };
    if (account.advancedDataProtection && !account.pcsConsent) {
      return reply.status(500).send({ isDeviceConsentedForPCS: false, message: 'Issue requesting IDMS for arming.' });
    }
    if (account.advancedDataProtection && account.pcsWaited < account.pcsWaits) {
      account.pcsWaited += 1;
      const message = account.pcsWaited === 1 ? 'Requested the device to upload cookies.' : 'Cookies not available yet on server.';
      return reply.send({ ...base, status: 'failure', message });
    }
    setCookies(reply, pcsCookies(clock, SERVICES[body.data.appName] ?? ['Sharing']));
    return reply.send({ ...base, status: 'success', message: 'Cookies attached.' });
  });
}

function webAccessState(account: LocalAccount): object {
  const state = { dsid: Number(account.dsid), isWebAccessAllowed: !account.webAccessOff };
  if (!account.advancedDataProtection) return state;
  return { ...state, isDeviceConsentedForPCS: account.pcsConsent, isICDRSDisabled: true, deviceConsentForPCSExpiry: 0 };
}
