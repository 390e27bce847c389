import { Command } from 'commander';
import { Library } from '@media-pipeline/files';
import { openDatabase } from '../library/open-database';
import { readSettings, withLibrary, type LibraryFlags } from '../library/options';
import { borrowBroker } from '../library/visit';
import { note, print, printJson } from '../output/text';
import { mend } from '../library/mend';

const about = `
For each stage that has nothing before it, the messages of the photos that wait for it are said again; moves that a crash cut short
are finished, half-written files removed. Every start does the same. Saying a message twice harms nothing.

Example:
  media-pipeline reconcile --library /mnt/nas/photos`;

export const reconcileCommand = (): Command =>
  withLibrary(new Command('reconcile'))
    .option('--json', 'one JSON object')
    .addHelpText('after', about)
    .action(async (flags: LibraryFlags & { readonly json?: boolean }) => {
      const { config } = readSettings(flags);
      const database = await openDatabase(config);
      try {
        await using borrowed = await borrowBroker(config, 'reconcile');
        const library = new Library(config.library.areas, config.library.root);
        const result = await mend({ bus: borrowed.bus, database, library }, { alone: borrowed.ours });
        if (flags.json) {
          printJson(result);
          return;
        }
        const said = Object.entries(result.said);
        print(said.length === 0 ? 'No message was missing.' : said.map(([subject, count]) => `${subject}: ${count} said again`).join('\n'));
        if (result.busy.length > 0) print(`left alone, because they have work: ${result.busy.join(', ')}`);
        if (result.moves > 0) print(`${result.moves} interrupted moves finished`);
        if (result.swept > 0) print(`${result.swept} half-written files removed`);
        if (borrowed.ours && said.length > 0) note('No pipeline runs on this library; the next run takes the messages.');
      } finally {
        await database.close();
      }
    });
