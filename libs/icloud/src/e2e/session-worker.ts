import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { ICloudAccount, type Clock, type ICloudEndpoints, type LentCookies } from '..';
import { SessionCipher } from '../session/cipher';
import { freshDocument } from '../session/document';
import { writeSecretFile } from '../session/file';
import { SessionStore } from '../session/store';

/** How a worker is set up (its first argument, as JSON). */
export interface Setup {
  readonly username: string;
  readonly password: string | null;
  readonly sessionFile: string;
  readonly secretsKey: string | null;
  readonly endpoints: ICloudEndpoints;
}

/** What it is told to do, a line of JSON each; it answers each with a line. */
export type Command =
  | { readonly do: 'sign_in' | 'call' | 'status'; readonly now: number; readonly times?: number }
  | { readonly do: 'code'; readonly now: number; readonly code: string }
  /** Has a browser take the session's cookies; gives back what a page has renewed of them since. */
  | { readonly do: 'lend'; readonly now: number }
  | { readonly do: 'return'; readonly now: number; readonly renewed: Readonly<Record<string, string>> }
  /** Changes the session many times, each time under the lock. */
  | { readonly do: 'count'; readonly now: number; readonly times: number }
  /** Writes the file without end, each time another text; says each generation it has written. */
  | { readonly do: 'storm'; readonly now: number };

const path = '/database/1/com.apple.photos.cloud/production/private/changes/database';
const setup = JSON.parse(process.argv[2] ?? '') as Setup;
const say = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

let now = Date.now();
const clock: Clock = { now: () => now, sleep: async (ms, signal) => await pause(Math.min(ms, 20), undefined, signal ? { signal } : {}) };
const log = { debug: () => undefined, info: () => undefined, warn: () => undefined };

let lent: LentCookies = { login: null, cookies: [] };

async function obey(account: ICloudAccount, command: Command): Promise<unknown> {
  ({ now } = command);
  const store = new SessionStore(setup.sessionFile, setup.username, new SessionCipher(setup.secretsKey));
  switch (command.do) {
    case 'sign_in':
      return await account.signIn();
    case 'code':
      return await account.submitCode(command.code);
    case 'status':
      return await account.status();
    case 'call':
      return await Promise.all(Array.from({ length: command.times ?? 1 }, async () => ({ answered: (await account.call('ckdatabasews', path, { body: {} })) !== undefined })));
    case 'lend':
      lent = await account.lendCookies();
      return Object.fromEntries(lent.cookies.map(({ name, value }) => [name, value]));
    case 'return': {
      const returned = lent.cookies.map((cookie) => ({ ...cookie, value: command.renewed[cookie.name] ?? cookie.value }));
      await account.takeCookies(lent, returned);
      return { returned: true };
    }
    case 'count':
      for (let n = 0; n < command.times; n++) await store.exclusively(undefined, async ({ document, save }) => await save({ ...document, signIns: [...document.signIns, now + n] }));
      return { counted: command.times };
    case 'storm':
      return await storm();
  }
}

async function storm(): Promise<never> {
  const cipher = new SessionCipher(setup.secretsKey);
  for (let generation = 1; ; generation++) {
    const padding = 'x'.repeat((generation * 7919) % 40_000);
    await writeSecretFile(setup.sessionFile, await cipher.seal({ ...freshDocument(setup.username), generation, scnt: padding }));
    say(generation);
  }
}

async function main(): Promise<void> {
  const account = await ICloudAccount.open({ ...setup, clock, log });
  say('ready');
  for await (const line of createInterface({ input: process.stdin })) {
    say(await obey(account, JSON.parse(line) as Command).catch((error: unknown) => ({ error: typeof error === 'object' && error !== null && 'code' in error ? error.code : String(error) })));
  }
  await account.close();
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
