import { Command } from 'commander';
import type { Config } from '@media-pipeline/config';
import { toPipelineError } from '@media-pipeline/contracts';
import { accountAdvice, accountFacts, beginning, needsAttention } from '../icloud/account-words';
import { settingsOf, withAccount } from '../icloud/account';
import { readingsAdvice, readingsTable } from '../icloud/reading-words';
import { noReadings, readingsOf, type Readings } from '../icloud/readings';
import { uploadAdvice, uploadHaltOf } from '../icloud/uploads';
import { openDatabase } from '../library/open-database';
import { readSettings, withLibrary, type LibraryFlags } from '../library/options';
import { paint, print, printable, printJson } from '../output/text';

interface StatusFlags extends LibraryFlags {
  readonly json?: boolean;
}

const examples = `
Examples:
  media-pipeline icloud status
  media-pipeline icloud status --json | jq .advice

Asks Apple nothing: it tells what the session file and the database know. How long the trust lasts is a guess.
--json prints one object:
  {"configured","enabled","account":{"username","state","since","lastChecked","trustedUntil","trustIsGuess","pending",…}|null,"sessionFile",
   "asked":{"at","changed":[zones]}|null,"zones":[{"zone","shared","full":{"at","listed","taken","here","skipped":{reason: count},"refused","server","difference"}|null,
   "changes":{…,"gone"}|null,"refused":[records]}],"gone":{"hidden","trashed","purged"},"uploadHalt":{"at","reason","selectors"}|null,"attention","advice":[…]}`;

export const icloudStatusCommand = (): Command =>
  withLibrary(new Command('status'))
    .description('who is signed in and for how long, what is pending, what the last readings counted')
    .option('--json', 'one JSON object')
    .addHelpText('after', examples)
    .action(status);

async function status(flags: StatusFlags): Promise<void> {
  const { config } = readSettings(flags);
  const now = new Date();
  const settings = settingsOf(config);
  const account = settings.username === null ? null : await withAccount(config, (opened) => opened.status());
  const [readings, uploadHalt] = [await readReadings(config), await uploadHaltOf(config)];
  const advice = account === null ? [] : [...accountAdvice(account, settings, now), ...uploadAdvice(uploadHalt), ...readingsAdvice(readings, account)];
  if (flags.json) {
    printJson({
      configured: account !== null,
      enabled: settings.enabled,
      account: account && { ...account, trustIsGuess: true },
      sessionFile: settings.sessionFile,
      ...readings,
      uploadHalt,
      attention: (account !== null && needsAttention(account)) || uploadHalt !== null,
      advice,
    });
    return;
  }
  if (account === null || (account.state === 'never' && readings.zones.length === 0 && !settings.enabled)) {
    print(beginning(settings).join('\n'));
    return;
  }
  const facts = accountFacts(account, settings, now);
  const width = Math.max(...facts.map(([what]) => what.length));
  for (const [what, how] of facts) print(`${paint().bold(what.padEnd(width))}  ${printable(how)}`);
  print(`\n${readingsTable(readings, now)}`);
  if (advice.length > 0) print(`\n${paint().bold('What to do')}\n${advice.map((line) => `  ${line}`).join('\n')}`);
}

/** What the database knows; nothing where there is none yet. */
async function readReadings(config: Config): Promise<Readings> {
  const database = await openDatabase(config).catch((error: unknown) => {
    if (toPipelineError(error).code === 'NOT_A_LIBRARY') return null;
    throw error;
  });
  if (database === null) return noReadings;
  try {
    return readingsOf(await database.cursors.list('icloud'), await database.assets.countGone('icloud'));
  } finally {
    await database.close();
  }
}
