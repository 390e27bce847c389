import type { Wire } from './wire';
import { consentRequest, pcsCookies, pcsRequest, readConsentAsked, readPcs, readWebAccess, webAccessStateRequest, type WebAccess } from './web-access';

export interface Waiting {
  /** Between two questions. */
  readonly everyMs: number;
  /** How long the owner's answer is waited for. */
  readonly forMs: number;
}

const dayMs = 24 * 3_600_000;
/** A device sends the cookies within seconds, when it is awake. */
const cookiesMs = 45_000;

/**
 * Gets the cookies of an account with Advanced Data Protection; on an ordinary account it only asks that it is one.
 * @param by who asks: a service puts the question on the owner's devices once a day, a person at once
 * @returns `asking` when the owner has not answered within the wait or before the signal fired
 * @throws ICLOUD_WEB_ACCESS_OFF, ICLOUD_ANSWER_UNKNOWN, ICLOUD_RATE_LIMITED, ICLOUD_UNREACHABLE
 */
export async function unlockPhotos(wire: Wire, by: 'service' | 'person', wait: Waiting): Promise<'open' | 'asking'> {
  let access = await ask(wire);
  if (access === 'unknown') wire.tools.log.warn({}, 'iCloud does not say whether Advanced Data Protection is on; taken for off');
  if (access === 'unknown' || access === 'open') {
    setProtected(wire, false);
    return 'open';
  }
  setProtected(wire, true);
  if (access === 'asking') {
    await putQuestion(wire, by);
    access = await waitFor(wire, wait, async () => ((await ask(wire)) === 'asking' ? null : 'consented')) ?? 'asking';
  }
  if (access === 'asking') return 'asking';
  let byUser = true;
  const unlocked = await waitFor(wire, { everyMs: wait.everyMs, forMs: Math.max(cookiesMs, wait.forMs) }, async () => {
    const { answer } = await wire.send('asking for the cookies of protected data', (endpoints, session) => pcsRequest(endpoints, session, byUser));
    byUser = false;
    return readPcs(answer) && (await hasPcsCookies(wire)) ? 'open' : null;
  });
  if (unlocked === null) return 'asking';
  wire.update({ consentAskedAt: null });
  return unlocked;
}

/** Whether the cookies that unlock the photos are there. */
export async function hasPcsCookies({ tools: { session, clock } }: Wire): Promise<boolean> {
  for (const name of pcsCookies) if (!(await session.cookies.has(name, clock.now()))) return false;
  return true;
}

async function ask(wire: Wire): Promise<WebAccess> {
  return readWebAccess((await wire.send('asking for the state of web access', webAccessStateRequest)).answer);
}

async function putQuestion(wire: Wire, by: 'service' | 'person'): Promise<void> {
  const { clock, save, log } = wire.tools;
  const asked = wire.document.consentAskedAt;
  if (by === 'service' && asked !== null && clock.now() < asked + dayMs) return;
  readConsentAsked((await wire.send("asking the owner's devices to let the web in", consentRequest, 'if_refused')).answer);
  wire.update({ consentAskedAt: clock.now(), state: 'consent_needed', stateSince: clock.now() });
  await save();
  log.info({}, "the owner's devices ask whether to let the web in");
}

/** Asks again until there is an answer, the time is over or the signal fires; null then. */
async function waitFor<T>({ tools: { clock, signal } }: Wire, { everyMs, forMs }: Waiting, question: () => Promise<T | null>): Promise<T | null> {
  const until = clock.now() + forMs;
  try {
    for (;;) {
      const answer = await question();
      if (answer !== null || clock.now() + everyMs > until) return answer;
      await clock.sleep(everyMs, signal);
    }
  } catch (error) {
    if (signal?.aborted) return null;
    throw error;
  }
}

function setProtected(wire: Wire, dataProtected: boolean): void {
  const { account } = wire.document;
  if (account) wire.update({ account: { ...account, dataProtected } });
}
