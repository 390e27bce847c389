import { Command } from 'commander';
import { closest } from 'fastest-levenshtein';
import { catalogue, isSubject, PipelineError, subjects } from '@media-pipeline/contracts';
import { z } from 'zod';
import { readSettings, withLibrary, type LibraryFlags } from '../library/options';
import { borrowBroker } from '../library/visit';
import { note, print, printJson } from '../output/text';

interface PublishFlags extends LibraryFlags {
  readonly raw?: boolean;
  readonly json?: boolean;
}

const examples = `
Subjects: ${subjects.join(' ')}

Examples:
  media-pipeline publish media.ingest.requested '{}'
  media-pipeline publish media.discovered '{"path": "originals/IMG_1.HEIC"}'

A message about a photo names it by "assetId" or by the "path" of one of its files; one about a batch by "batchId".
Where no pipeline runs, the message is stored and the next run takes it.`;

export const publishCommand = (): Command =>
  withLibrary(new Command('publish'))
    .argument('<subject>', 'for example media.discovered')
    .argument('<json>', 'the message')
    .option('--raw', 'as it is, without a look at it: what is wrong with it comes back as a dead letter')
    .option('--json', 'the answer as JSON')
    .addHelpText('after', examples)
    .action(publish);

/** @throws USAGE for an unknown subject, INVALID_MESSAGE with all that is wrong with the message */
export function checkMessage(subject: string, json: string): void {
  if (!isSubject(subject)) throw new PipelineError('USAGE', `There is no subject ${subject}; did you mean ${closest(subject, [...subjects])}?`);
  let message: unknown;
  try {
    message = JSON.parse(json);
  } catch (error) {
    throw new PipelineError('INVALID_MESSAGE', `The message is not JSON (${error instanceof Error ? error.message : String(error)}): ${json}`);
  }
  const result = catalogue[subject].schema.safeParse(message);
  if (!result.success) throw new PipelineError('INVALID_MESSAGE', `The message does not fit ${subject}:\n${z.prettifyError(result.error)}`);
}

async function publish(subject: string, json: string, flags: PublishFlags): Promise<void> {
  if (!flags.raw) checkMessage(subject, json);
  const { config } = readSettings(flags);
  await using borrowed = await borrowBroker(config, 'publish');
  const ack = await borrowed.bus.publishRaw(subject, json);
  if (flags.json) printJson(ack);
  else print(`stored in ${ack.stream} as number ${ack.sequence}${ack.duplicate ? ' (said before, counted once)' : ''}`);
  if (borrowed.ours) note('No pipeline runs on this library; the next run takes the message.');
}
