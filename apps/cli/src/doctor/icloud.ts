import { stat } from 'node:fs/promises';
import type { Config } from '@media-pipeline/config';
import { toPipelineError } from '@media-pipeline/contracts';
import { endpointsFor, type AccountStatus } from '@media-pipeline/icloud';
import { accountAdvice, type ICloudSettings } from '../icloud/account-words';
import { settingsOf, withAccount } from '../icloud/account';
import { dayAndTime, fromNow } from '../icloud/time';
import { fail, ok, reasonOf, warn, type Finding } from './finding';

const patienceMs = 5_000;

/** Settings, session and ways to Apple; nothing is said of iCloud where it is not used. Asks Apple for no sign-in. */
export async function checkICloud(config: Config): Promise<Finding[]> {
  const settings = settingsOf(config);
  if (!settings.enabled) return [];
  if (settings.username === null) return [fail('iCloud', 'ENABLE_ICLOUD_DOWNLOAD=true, but ICLOUD_USERNAME is not set', 'Set ICLOUD_USERNAME to the Apple ID; `media-pipeline icloud status` tells how to begin.')];
  return [...(await checkSession(config, settings, new Date())), ...(await checkHosts(config))];
}

async function checkSession(config: Config, settings: ICloudSettings, now: Date): Promise<Finding[]> {
  try {
    // before it is opened: opening closes a file that others may read
    const mode = ((await stat(settings.sessionFile).catch(() => null))?.mode ?? 0o600) & 0o777;
    const status = await withAccount(config, (account) => account.status());
    const open = mode & 0o077 ? [warn('iCloud session', `${settings.sessionFile} could be read by others (mode ${mode.toString(8)})`, 'It is closed to them now (mode 600). Who may have read it could have used the session: `media-pipeline icloud logout`, and sign in anew.')] : [];
    return [...open, judgeSession(status, settings, now)];
  } catch (thrown) {
    const error = toPipelineError(thrown);
    return [fail('iCloud session', error.message, error.advice)];
  }
}

/** Whether the pipeline can go on without a person, and for how long. */
export function judgeSession(status: AccountStatus, settings: ICloudSettings, now: Date): Finding {
  const [first = 'Sign in: `media-pipeline icloud login`.'] = accountAdvice(status, settings, now);
  const about = 'iCloud session';
  if (status.state !== 'signed_in') return status.state === 'never' ? warn(about, 'nobody has signed in yet', first) : fail(about, `${status.username}: ${status.state.replace('_', ' ')}`, first);
  const until = status.trustedUntil === null ? '' : `; trusted until about ${dayAndTime(status.trustedUntil).slice(0, 10)}, ${fromNow(status.trustedUntil, now)} (a guess)`;
  const detail = `${status.username} is signed in${until}${status.encrypted ? '' : '; not encrypted (SECRETS_KEY)'}`;
  return status.warn ? warn(about, detail, first) : ok(about, detail);
}

/** Any answer at all will do: what the services say to a stranger is no matter. */
async function checkHosts({ icloud }: Config): Promise<Finding[]> {
  const { auth, setup } = endpointsFor(icloud.region, { auth: icloud.authUrl, setup: icloud.setupUrl });
  return await Promise.all(
    [...new Set([new URL(auth).origin, new URL(setup).origin])].map(async (origin) => {
      try {
        await (await fetch(origin, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(patienceMs) })).body?.cancel();
        return ok('iCloud host', `${origin} answers`);
      } catch (error) {
        const cause = error instanceof Error && error.cause !== undefined ? reasonOf(error.cause) : reasonOf(error);
        return fail('iCloud host', `${origin} does not answer (${cause})`, 'Check the connection to the internet, the name server and any proxy or firewall.');
      }
    }),
  );
}
