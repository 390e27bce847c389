import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { settingsExample, settingsMarkdown } from '@media-pipeline/config';
import { readSettings, withLibrary, type LibraryFlags } from '../library/options';
import { print, printable, printJson, table } from '../output/text';

interface DocumentFlags {
  readonly env?: boolean;
  readonly output?: string;
}

export function configCommand(): Command {
  const check = withLibrary(new Command('check'))
    .description('read all settings, list every problem, print what is in effect (secrets are masked)')
    .option('--all', 'also those that have their default')
    .option('--json', 'one JSON line per setting')
    .addHelpText('after', '\nExamples:\n  media-pipeline config check --config settings.env\n\nExit code 0 when all is well, 2 when something is wrong.')
    .action(checkSettings);
  const docs = new Command('docs')
    .description('print docs/CONFIGURATION.md: every setting, with what it accepts')
    .option('--env', 'print settings.env.example instead')
    .option('--output <file>', 'write it there')
    .addHelpText('after', '\nExamples:\n  media-pipeline config docs --output docs/CONFIGURATION.md\n  media-pipeline config docs --env > settings.env')
    .action(async (flags: DocumentFlags) => {
      const text = flags.env ? settingsExample() : settingsMarkdown();
      if (flags.output === undefined) process.stdout.write(text);
      else await writeFile(flags.output, text);
    });
  return new Command('config').addCommand(check).addCommand(docs);
}

function checkSettings(flags: LibraryFlags & { readonly all?: boolean; readonly json?: boolean }): void {
  const { config, effective } = readSettings(flags);
  const shown = flags.all ? effective : effective.filter(({ from }) => from !== 'default');
  if (flags.json) {
    shown.forEach(printJson);
    return;
  }
  print(`settings file  ${config.file ?? 'none'}`);
  print(`library        ${config.library.root}`);
  if (shown.length > 0) print(`\n${table(['setting', 'value', 'from'], shown.map(({ key, value, from }) => [key, printable(value ?? 'not set'), from]))}`);
  print(`\nAll settings are well formed${flags.all ? '' : `; ${effective.length - shown.length} have their default (--all shows them)`}.`);
}
