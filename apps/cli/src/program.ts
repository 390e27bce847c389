import { Command } from 'commander';
import { version } from './version';

interface Entry {
  readonly name: string;
  readonly description: string;
  /** Only the command that was typed is loaded: the others' libraries take longer to read than most commands to do. */
  readonly load: () => Promise<Command>;
}

/** In the order in which `--help` shows them. */
const entries: readonly Entry[] = [
  { name: 'run', description: 'run all stages in one process: takes photos in, and works them through to the archive', load: async () => (await import('./commands/run.js')).runCommand() },
  { name: 'up', description: 'run stages as a service, until SIGTERM', load: async () => (await import('./commands/up.js')).upCommand() },
  { name: 'status', description: 'photos by state, backlog of each stage, how iCloud stands, batches, last errors', load: async () => (await import('./commands/status.js')).statusCommand() },
  { name: 'asset', description: 'look at photos and videos', load: async () => (await import('./commands/asset.js')).assetCommand() },
  { name: 'compress', description: 'compress old photos and videos again, from their archived originals', load: async () => (await import('./commands/compress.js')).compressCommand() },
  { name: 'icloud', description: 'iCloud: sign in, see how it stands, ask for a reading', load: async () => (await import('./commands/icloud.js')).icloudCommand() },
  { name: 'publish', description: 'say a message by hand, and print what the broker answers', load: async () => (await import('./commands/publish.js')).publishCommand() },
  { name: 'dlq', description: 'what went wrong: look at it, try it again, throw it away', load: async () => (await import('./commands/dead-letter.js')).deadLetterCommand() },
  { name: 'duplicates', description: 'files with the same bytes: find, list, take back', load: async () => (await import('./commands/duplicates.js')).duplicatesCommand() },
  { name: 'similar', description: 'pictures that look alike: proposed, never removed', load: async () => (await import('./commands/similar.js')).similarCommand() },
  { name: 'reconcile', description: 'drive on what stands still: say again what the database says should be under way', load: async () => (await import('./commands/reconcile.js')).reconcileCommand() },
  { name: 'config', description: 'settings: check them, read about them', load: async () => (await import('./commands/config.js')).configCommand() },
  { name: 'nas', description: 'the library on its volume', load: async () => (await import('./commands/nas.js')).nasCommand() },
  { name: 'doctor', description: 'look for what is missing or broken, and say what to do', load: async () => (await import('./commands/doctor.js')).doctorCommand() },
];

const epilogue = `
Exit codes: 0 ok, 1 something failed, 2 wrong command or settings, 130 ended by Ctrl-C before it was done.
Settings: docs/CONFIGURATION.md. Start with \`media-pipeline run --source DIR --library DIR\`; if something is odd, \`media-pipeline doctor\`.`;

/** Every option is understood after the command word, where people type it. */
function prepare(command: Command): void {
  const words = command.commands.map((each) => each.name());
  // the program itself suggests what was meant
  const which = command.parent && words.length > 0 ? `say which: ${command.name()} ${words.join(' | ')}; ` : '';
  command.exitOverride().showSuggestionAfterError(true).showHelpAfterError(`(${which}--help tells more)`);
  if (command.commands.length === 0) command.option('--no-color', 'plain text (also: the NO_COLOR environment variable)');
  command.commands.forEach(prepare);
}

/** The command that the words mean: `run`, and also the one in `help run`. */
function commandWord(words: readonly string[]): string | undefined {
  const [first, second] = words.filter((word) => !word.startsWith('-'));
  return first === 'help' ? second : first;
}

/** @param words what was typed, without the program's name: decides which command is loaded in full */
export async function buildProgram(words: readonly string[]): Promise<Command> {
  const program = new Command('media-pipeline')
    .description('Takes photos and videos out of a folder or iCloud, finds duplicates, compresses, delivers, proves, archives.')
    .version(version)
    .addHelpText('after', epilogue);
  const typed = commandWord(words);
  for (const { name, description, load } of entries) program.addCommand((name === typed ? await load() : new Command(name)).description(description));
  prepare(program);
  program.hook('preAction', async (_, action) => {
    if (action.opts()['color'] === false) (await import('./output/text.js')).withoutColor();
  });
  return program;
}
