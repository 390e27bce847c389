import { Command } from 'commander';
import type { Bus } from '@media-pipeline/bus';
import { errorCatalogue, PipelineError, type DeadLetter } from '@media-pipeline/contracts';
import { Library } from '@media-pipeline/files';
import { liftUploadHalt } from '@media-pipeline/icloud';
import type { AssetWithFiles, Database } from '@media-pipeline/schema';
import { StoppedWork, sayAgain } from '@media-pipeline/stage';
import { eachAsset } from '../library/assets';
import { openDatabase } from '../library/open-database';
import { readSettings, withLibrary, type LibraryFlags } from '../library/options';
import { borrowBroker } from '../library/visit';
import { note, paint, print, printable, printJson, table } from '../output/text';
import { findAsset } from './asset';

interface DeadLetterFlags extends LibraryFlags {
  readonly json?: boolean;
}
interface Scene {
  readonly bus: Bus;
  readonly database: Database;
  readonly library: Library;
}

const about = `
A message that no stage could carry out becomes a dead letter, and its photo is set aside (bad input) or failed (the machine, a defect).
Entries are named by their number or by the id of the photo; photos that were stopped without a message have only the id.

Examples:
  media-pipeline dlq list
  media-pipeline dlq show 12
  media-pipeline dlq retry all        # after the cause was mended: each photo goes on where it was
  media-pipeline dlq drop 12          # throws the letter away; the photo stays as it is`;

export function deadLetterCommand(): Command {
  const sub = (name: string, description: string): Command => withLibrary(new Command(name)).description(description).option('--json', 'JSON, one line per entry').addHelpText('after', about);
  return new Command('dlq')
    .addHelpText('after', about)
    .addCommand(sub('list', 'all dead letters and stopped photos').action((flags: DeadLetterFlags) => visit(flags, 'dlq list', (scene) => list(scene, flags))))
    .addCommand(sub('show', 'one of them in full').argument('<entry>', 'number or asset id').action((entry: string, flags: DeadLetterFlags) => visit(flags, 'dlq show', (scene) => show(scene, entry, flags))))
    .addCommand(sub('retry', 'try again').argument('<entry>', 'number, asset id, or all').action((entry: string, flags: DeadLetterFlags) => visit(flags, 'dlq retry', (scene) => retry(scene, entry, flags))))
    .addCommand(sub('drop', 'throw away').argument('<entry>', 'number, asset id, or all').action((entry: string, flags: DeadLetterFlags) => visit(flags, 'dlq drop', (scene) => drop(scene, entry, flags))));
}

async function visit(flags: LibraryFlags, command: string, work: (scene: Scene & { readonly ours: boolean }) => Promise<void>): Promise<void> {
  const { config } = readSettings(flags);
  const database = await openDatabase(config);
  try {
    await using borrowed = await borrowBroker(config, command);
    await work({ bus: borrowed.bus, database, library: new Library(config.library.areas, config.library.root), ours: borrowed.ours });
  } finally {
    await database.close();
  }
}

async function everyLetter(bus: Bus): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  for (;;) {
    const first = letters[0];
    const page = await bus.deadLetters.list({ limit: 500, ...(first ? { before: first.sequence } : {}) });
    letters.unshift(...page);
    if (page.length < 500) return letters;
  }
}

/** Photos that are stopped, and that no letter names. */
async function stoppedWithoutLetter(database: Database, letters: readonly DeadLetter[]): Promise<AssetWithFiles[]> {
  const named = new Set(letters.map(({ assetId }) => assetId));
  const stopped: AssetWithFiles[] = [];
  for (const state of ['set_aside', 'failed'] as const) {
    for await (const asset of eachAsset(database, { state })) if (!named.has(asset.id)) stopped.push(asset);
  }
  return stopped;
}

interface Entry {
  readonly sequence: number | null;
  readonly assetId: string | null;
  readonly path: string | null;
  readonly state: string | null;
  readonly stage: string | null;
  readonly subject: string | null;
  readonly code: string;
  readonly reason: string;
  readonly at: Date;
}

async function entriesOf({ bus, database }: Scene): Promise<Entry[]> {
  const letters = await everyLetter(bus);
  const ids = letters.map(({ assetId }) => assetId).filter((id) => id !== undefined);
  const assets = new Map((ids.length === 0 ? [] : await database.assets.findMany([...new Set(ids)])).map((asset) => [asset.id, asset]));
  const ofLetters = letters.map((letter): Entry => {
    const asset = letter.assetId === undefined ? undefined : assets.get(letter.assetId);
    const { sequence, assetId = null, stage, subject, code, reason, at } = letter;
    return { sequence, assetId, path: asset?.files[0]?.path ?? null, state: asset?.state ?? null, stage, subject, code, reason, at };
  });
  const stopped = (await stoppedWithoutLetter(database, letters)).map(
    (asset): Entry => ({ sequence: null, assetId: asset.id, path: asset.files[0]?.path ?? null, state: asset.state, stage: null, subject: null, code: asset.code ?? 'UNEXPECTED', reason: asset.reason ?? '', at: asset.updatedAt }),
  );
  return [...ofLetters, ...stopped].sort((a, b) => a.at.getTime() - b.at.getTime());
}

async function list(scene: Scene, flags: DeadLetterFlags): Promise<void> {
  const entries = await entriesOf(scene);
  if (flags.json) entries.forEach(printJson);
  else if (entries.length === 0) print('Nothing went wrong.');
  else print(table(['number', 'photo', 'state', 'stage', 'code', 'reason', 'file'], entries.map((entry) => [entry.sequence ?? '–', entry.assetId ?? '–', entry.state ?? '', entry.stage ?? '', entry.code, entry.reason, entry.path ?? '']), [0]));
}

const sequenceOf = (entry: string): number | null => (/^\d{1,15}$/.test(entry) ? Number(entry) : null);

async function letterOf(bus: Bus, sequence: number): Promise<DeadLetter> {
  const letter = await bus.deadLetters.get(sequence);
  if (!letter) throw new PipelineError('UNKNOWN_ASSET', `There is no dead letter ${sequence}; \`media-pipeline dlq list\` shows them.`);
  return letter;
}

async function lettersAbout(bus: Bus, assetId: string): Promise<DeadLetter[]> {
  return (await everyLetter(bus)).filter((letter) => letter.assetId === assetId);
}

async function show({ bus, database }: Scene, entry: string, flags: DeadLetterFlags): Promise<void> {
  const sequence = sequenceOf(entry);
  const asset = sequence === null ? await findAsset(database, entry) : null;
  const letters = sequence === null ? await lettersAbout(bus, asset?.id ?? '') : [await letterOf(bus, sequence)];
  if (letters.length === 0 && asset) {
    if (asset.code === null) throw new PipelineError('UNKNOWN_ASSET', `${asset.id} is ${asset.state}, not stopped.`);
    if (flags.json) printJson({ assetId: asset.id, state: asset.state, code: asset.code, reason: asset.reason });
    else print(`${asset.id}  ${asset.state}\n${asset.code}: ${printable(asset.reason ?? '')}`);
  }
  for (const { body, ...letter } of letters) {
    const message = Buffer.from(body).toString('utf8');
    if (flags.json) {
      printJson({ ...letter, message });
      continue;
    }
    print(`${paint().bold(`dead letter ${letter.sequence}`)}  ${letter.at.toISOString()}`);
    print(`stage       ${letter.stage}, after ${letter.deliveries} deliveries`);
    print(`reason      ${letter.code}: ${printable(letter.reason)}`);
    print(`what to do  ${errorCatalogue[letter.code].advice}`);
    print(`photo       ${letter.assetId ?? 'none is named'}`);
    print(`message     ${letter.subject} ${printable(message)}`);
  }
}

/** Puts the photos back where they were, then says the message again. */
async function retryLetter({ bus, database, library }: Scene, letter: DeadLetter): Promise<void> {
  // Whoever asks for it has looked at the page; it stops again if it is still unknown.
  if (letter.code === 'ICLOUD_PAGE_UNKNOWN') await liftUploadHalt(library);
  await new StoppedWork(database).revive(letter);
  await bus.deadLetters.retry(letter.sequence);
}

async function retryAsset({ bus, database }: Scene, asset: AssetWithFiles): Promise<void> {
  const state = await database.assets.revive(asset.id, { step: 'cli', status: 'info', message: 'another try was asked for', assetId: asset.id });
  if (state === null) throw new PipelineError('UNKNOWN_ASSET', `${asset.id} is ${asset.state}: there is nothing to try again.`);
  await sayAgain({ bus, database }, { ...asset, state });
}

async function retry(scene: Scene & { readonly ours: boolean }, entry: string, flags: DeadLetterFlags): Promise<void> {
  const { bus, database } = scene;
  const sequence = sequenceOf(entry);
  let letters: DeadLetter[] = [];
  let assets: AssetWithFiles[] = [];
  if (entry === 'all') {
    letters = await everyLetter(bus);
    assets = await stoppedWithoutLetter(database, letters);
  } else if (sequence !== null) {
    letters = [await letterOf(bus, sequence)];
  } else {
    const asset = await findAsset(database, entry);
    letters = await lettersAbout(bus, asset.id);
    if (letters.length === 0) assets = [asset];
  }
  for (const letter of letters) await retryLetter(scene, letter);
  for (const asset of assets) await retryAsset(scene, asset);
  const count = letters.length + assets.length;
  if (flags.json) printJson({ retried: count });
  else print(count === 0 ? 'There is nothing to try again.' : `${count} on the way again`);
  if (scene.ours && count > 0) note('No pipeline runs on this library; the next run takes them.');
}

async function drop({ bus, database }: Scene, entry: string, flags: DeadLetterFlags): Promise<void> {
  const sequence = sequenceOf(entry);
  let letters: DeadLetter[];
  if (entry === 'all') letters = await everyLetter(bus);
  else if (sequence !== null) letters = [await letterOf(bus, sequence)];
  else {
    const asset = await findAsset(database, entry);
    letters = await lettersAbout(bus, asset.id);
    if (letters.length === 0) throw new PipelineError('UNKNOWN_ASSET', `No dead letter names ${asset.id}.`);
  }
  for (const letter of letters) await bus.deadLetters.drop(letter.sequence);
  if (flags.json) printJson({ dropped: letters.length });
  else print(`${letters.length} thrown away; their photos stay as they are`);
}
