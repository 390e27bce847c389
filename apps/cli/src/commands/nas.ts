import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import { areas } from '@media-pipeline/config';
import { errnoOf, Library } from '@media-pipeline/files';
import { Database } from '@media-pipeline/schema';
import { readSettings, withLibrary, type LibraryFlags } from '../library/options';
import { print, table } from '../output/text';
import { libraryReadme } from '../output/library-readme';

export function nasCommand(): Command {
  const init = withLibrary(new Command('init'))
    .description('make the tree of a library, with a README about permissions and quotas')
    .argument('[dir]', 'the library (the same as --library)')
    .addHelpText('after', '\nExamples:\n  media-pipeline nas init /mnt/nas/photos\n\nMay be run again at any time: what is there stays as it is.')
    .action(async (directory: string | undefined, flags: LibraryFlags) => {
      await initialize({ ...flags, ...(directory === undefined ? {} : { library: directory }) });
    });
  return new Command('nas').addCommand(init);
}

async function initialize(flags: LibraryFlags): Promise<void> {
  const { config } = readSettings(flags);
  const { root, areas: places, permissions } = config.library;
  await new Library(places, root).prepare();
  const mode = parseInt(permissions, 8);
  for (const area of areas) if (area !== '.media-pipeline') await chmod(places[area], mode);
  // messages, database and sessions are nobody else's to read
  await chmod(places['.media-pipeline'], 0o700);
  // an empty library is one already: `status` has something to say
  if (config.database.kind === 'sqlite') await (await Database.open(config.database)).close();
  const readme = path.join(root, 'README.md');
  const written = await writeFile(readme, libraryReadme(config), { flag: 'wx' }).then(
    () => true,
    (error: unknown) => {
      if (errnoOf(error) === 'EEXIST') return false;
      throw error;
    },
  );
  print(table(['area', 'directory'], areas.map((area) => [area, places[area]])));
  print(`\n${readme} ${written ? 'was written' : 'was there already and stays'}: permissions, quotas, what may be deleted.`);
  print(`Next: media-pipeline run --library ${root} --source DIR`);
}
