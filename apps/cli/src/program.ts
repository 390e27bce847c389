import { Command } from 'commander';
import { assetCommand } from './commands/asset';
import { configCommand } from './commands/config';
import { deadLetterCommand } from './commands/dead-letter';
import { doctorCommand } from './commands/doctor';
import { icloudCommand } from './commands/icloud';
import { nasCommand } from './commands/nas';
import { publishCommand } from './commands/publish';
import { reconcileCommand } from './commands/reconcile';
import { runCommand } from './commands/run';
import { statusCommand } from './commands/status';
import { upCommand } from './commands/up';
import { withoutColor } from './output/text';
import { version } from './version';

const epilogue = `
Exit codes: 0 ok, 1 something failed, 2 wrong command or settings, 130 ended by Ctrl-C before it was done.
Settings: docs/CONFIGURATION.md. Start with \`media-pipeline run --source DIR --library DIR\`; if something is odd, \`media-pipeline doctor\`.`;

/** Every option is understood after the command word, where people type it. */
function prepare(command: Command): void {
  command.exitOverride().showSuggestionAfterError(true).showHelpAfterError('(--help tells more)');
  if (command.commands.length === 0) command.option('--no-color', 'plain text (also: the NO_COLOR environment variable)');
  command.commands.forEach(prepare);
}

export function buildProgram(): Command {
  const program = new Command('media-pipeline')
    .description('Takes photos and videos out of a folder or iCloud, finds duplicates, compresses, delivers, proves, archives.')
    .version(version)
    .addHelpText('after', epilogue);
  for (const command of [runCommand(), upCommand(), statusCommand(), assetCommand(), icloudCommand(), publishCommand(), deadLetterCommand(), reconcileCommand(), configCommand(), nasCommand(), doctorCommand()]) {
    program.addCommand(command);
  }
  prepare(program);
  program.hook('preAction', (_, action) => {
    if (action.opts()['color'] === false) withoutColor();
  });
  return program;
}
