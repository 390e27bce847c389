import { Command } from 'commander';
import { settingKeys } from '@media-pipeline/config';
import { exitCodes, type ExitCode } from '../failure';
import { checkBrowser } from '../doctor/browser';
import { checkBroker, checkDatabase } from '../doctor/connections';
import type { Finding } from '../doctor/finding';
import { checkFolders } from '../doctor/folders';
import { checkICloud } from '../doctor/icloud';
import { checkPrograms } from '../doctor/programs';
import { readSettings, withLibrary, type LibraryFlags } from '../library/options';
import { paint, print, printJson } from '../output/text';

const about = `
Looks at programs and encoders (by using them), Node, folders and what their volume can do, NATS, the database, where
ENABLE_ICLOUD_DOWNLOAD is set the session and the way to Apple's servers, and where uploads to iCloud may use a browser
Chromium and its sandbox. Changes nothing but its own probe files; an existing database is brought up to date, as every start does.
Exit code 0 when nothing fails (warnings may be there), else 1.

Examples:
  media-pipeline doctor --library /mnt/nas/photos
  media-pipeline doctor --json`;

export const doctorCommand = (): Command =>
  withLibrary(new Command('doctor'))
    .option('--json', 'one JSON line per finding')
    .addHelpText('after', about)
    .action(async (flags: LibraryFlags & { readonly json?: boolean }) => {
      process.exitCode = await doctor(flags);
    });

const marks = { ok: () => paint().green('ok  '), warn: () => paint().yellow('warn'), fail: () => paint().red('fail') } as const;

async function doctor(flags: LibraryFlags & { readonly json?: boolean }): Promise<ExitCode> {
  const { config, warnings, redact } = readSettings(flags);
  const settings: Finding = { about: 'settings', level: warnings.length > 0 ? 'warn' : 'ok', detail: `${config.file ?? 'no settings file: defaults'} (${settingKeys.length} known)`, ...(warnings.length > 0 ? { advice: 'See the warnings above.' } : {}) };
  const groups = await Promise.all([checkPrograms(!config.bus.external), checkFolders(config), checkBroker(config), checkDatabase(config), checkICloud(config), checkBrowser(config)]);
  const findings = [settings, ...groups.flat()].map((finding) => ({ ...finding, detail: redact(finding.detail) }));
  const failed = findings.filter(({ level }) => level === 'fail').length;
  if (flags.json) findings.forEach(printJson);
  else {
    const width = Math.max(...findings.map((finding) => finding.about.length));
    for (const { about: what, level, detail, advice } of findings) {
      print(`${marks[level]()}  ${what.padEnd(width)}  ${detail}`);
      if (advice !== undefined) print(`${' '.repeat(width + 8)}${paint().bold('→')} ${advice}`);
    }
    print(failed === 0 ? '\nThe pipeline can run.' : `\n${failed} ${failed === 1 ? 'thing needs' : 'things need'} mending.`);
  }
  return failed === 0 ? exitCodes.ok : exitCodes.failed;
}
