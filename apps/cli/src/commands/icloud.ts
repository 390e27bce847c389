import { randomUUID } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import { emit, PipelineError, toPipelineError } from '@media-pipeline/contracts';
import type { Config } from '@media-pipeline/config';
import { exitCodes, type ExitCode } from '../failure';
import { discardSession, openAccount, requireUsername, withAccount } from '../icloud/account';
import { readAnswer } from '../icloud/answer';
import { giveCode } from '../icloud/give-code';
import { askAtTerminal, hasTerminal } from '../icloud/questions';
import { signInAtTerminal } from '../icloud/sign-in-at-terminal';
import { consentUnattended, laterWords, signedInWords } from '../icloud/sign-in-words';
import { readSettings, withLibrary, type LibraryFlags } from '../library/options';
import { borrowBroker, joinBroker } from '../library/visit';
import { note, print } from '../output/text';
import { Interrupt } from '../run/interrupt';
import { icloudStatusCommand } from './icloud-status';
import { icloudUploadCommand } from './icloud-upload';

const about = `
ICLOUD_USERNAME is the Apple ID; the password comes from ICLOUD_PASSWORD (best a file of SECRETS_DIR), else it is asked for. The session
lies in ICLOUD_SESSION_FILE and is shared by everything that talks to iCloud; the code is asked for about every two months.

Examples:
  media-pipeline icloud login                   # at a terminal: asks for what it needs
  media-pipeline icloud code 123456             # the code that your devices show, from anywhere
  media-pipeline icloud status
  media-pipeline icloud sync --full             # list everything anew
  docker compose run --rm cli icloud login      # in containers`;

export function icloudCommand(): Command {
  const login = withLibrary(new Command('login'))
    .description('sign in; at a terminal it asks for password and code')
    .addHelpText('after', `${about}\n\nAt the question for the code: sms sends it to a phone, again asks for a new one, later leaves it for \`icloud code\`.\nExit code 0 when signed in, 1 when something is still to do, 130 after Ctrl-C.`)
    .action(async (flags: LibraryFlags) => {
      process.exitCode = await login_(flags);
    });
  const code = withLibrary(new Command('code'))
    .description('give the code that Apple asked for')
    .argument('<code>', 'six digits', sixDigits)
    .addHelpText('after', `\nExamples:\n  media-pipeline icloud code 123456\n\nA pipeline that runs on the library gets it and goes on; where none runs, the session takes it, for the next run.`)
    .action(async (given: string, flags: LibraryFlags) => {
      process.exitCode = await code_(given, flags);
    });
  const sync = withLibrary(new Command('sync'))
    .description('ask for a reading of iCloud now')
    .option('--full', 'list everything anew, not only what changed')
    .addHelpText('after', '\nExamples:\n  media-pipeline icloud sync\n  media-pipeline icloud sync --full     # after ICLOUD_COUNT_MISMATCH, or when in doubt: nothing is downloaded twice\n\nWhere no pipeline runs, the next run reads.')
    .action(sync_);
  const logout = withLibrary(new Command('logout'))
    .description('forget the session; the next sign-in asks for a code again')
    .addHelpText('after', '\nExamples:\n  media-pipeline icloud logout\n\nPhotos, and what is known of them, stay.')
    .action(logout_);
  return new Command('icloud').description('iCloud: sign in, see how it stands, ask for a reading, upload').addHelpText('after', about).addCommand(login).addCommand(code).addCommand(icloudStatusCommand()).addCommand(sync).addCommand(icloudUploadCommand()).addCommand(logout);
}

function sixDigits(text: string): string {
  const answer = readAnswer(text);
  if (answer.kind !== 'code') throw new InvalidArgumentError('It must be six digits.');
  return answer.code;
}

async function login_(flags: LibraryFlags): Promise<ExitCode> {
  const { config } = readSettings(flags);
  const username = requireUsername(config);
  if (!hasTerminal()) return await loginUnattended(config, username);
  using interrupt = new Interrupt(() => undefined);
  const { signal } = interrupt;
  const ended = await signInAtTerminal((password) => openAccount(config, password), config.icloud.password, { questions: askAtTerminal(signal), signal });
  if (interrupt.asked) return exitCodes.interrupted;
  if (ended.kind === 'left') {
    if (ended.pending) laterWords(ended.pending, new Date()).forEach(note);
    else note('Not signed in.');
    return exitCodes.failed;
  }
  print(signedInWords(username, ended.trustedUntil, new Date()));
  await goOn(config);
  return exitCodes.ok;
}

/** Without anybody to ask: as far as it goes, and then what to do. */
async function loginUnattended(config: Config, username: string): Promise<ExitCode> {
  const state = await withAccount(config, (account) => account.signIn({ by: 'person' }));
  if (state.kind === 'signed_in') {
    print(signedInWords(username, state.trustedUntil, new Date()));
    await goOn(config);
    return exitCodes.ok;
  }
  (state.kind === 'code_needed' ? laterWords(state.request, new Date()) : [consentUnattended]).forEach(note);
  return exitCodes.failed;
}

/** A pipeline that waits for the session reads now. */
async function goOn(config: Config): Promise<void> {
  if (!config.enable.icloudDownload) {
    note('iCloud is not read yet: set ENABLE_ICLOUD_DOWNLOAD=true.');
    return;
  }
  const bus = await joinBroker(config).catch((error: unknown) => {
    note(`warning: the pipeline could not be told: ${toPipelineError(error).message}`);
    return null;
  });
  if (bus === null) return;
  try {
    await bus.publish(emit('media.ingest.requested', { source: 'icloud' }, randomUUID()));
    note('The running pipeline reads iCloud now.');
  } finally {
    await bus.close();
  }
}

async function code_(code: string, flags: LibraryFlags): Promise<ExitCode> {
  const { config } = readSettings(flags);
  const username = requireUsername(config);
  const { words, ok } = await giveCode(config, username, code);
  (ok ? print : note)(words);
  return ok ? exitCodes.ok : exitCodes.failed;
}

async function sync_(flags: LibraryFlags & { readonly full?: boolean }): Promise<void> {
  const { config } = readSettings(flags);
  requireUsername(config);
  if (!config.enable.icloudDownload) throw new PipelineError('SETTINGS_INVALID', 'iCloud is not read: ENABLE_ICLOUD_DOWNLOAD is false.');
  await using borrowed = await borrowBroker(config, 'icloud sync');
  await borrowed.bus.publish(emit('media.ingest.requested', { source: 'icloud', ...(flags.full === true && { full: true }) }, randomUUID()));
  print(flags.full === true ? 'Asked for: everything is listed anew.' : 'Asked for.');
  if (borrowed.ours) note('No pipeline runs on this library; the next run reads.');
}

async function logout_(flags: LibraryFlags): Promise<void> {
  const { config } = readSettings(flags);
  const username = requireUsername(config);
  try {
    await withAccount(config, (account) => account.forget());
  } catch (error) {
    // a file that no key opens any more has nothing in it that could be signed out
    if (toPipelineError(error).code !== 'ICLOUD_SESSION_UNREADABLE') throw error;
    await discardSession(config);
  }
  print(`Signed out: the session of ${username} is forgotten here. The next sign-in asks for a code.`);
}
