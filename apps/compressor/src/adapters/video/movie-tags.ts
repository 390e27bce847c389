import { ExifTool } from 'exiftool-vendored';
import { PipelineError } from '@media-pipeline/contracts';

const large = ['-api', 'LargeFileSupport=1'];
/** Everything that a person or a phone wrote into a movie, by exiftool's groups. */
const compared = /^(Keys|ItemList|UserData|XMP-\w+):|^QuickTime:(CreateDate|ModifyDate)$|^Track\d+:(Track|Media)(CreateDate|ModifyDate)$/;
/** What exiftool derives from places in the file or what every writer sets for itself. */
const notCompared = /^(XMP-x:XMPToolkit|(Keys|ItemList|UserData):(Encoder|Warning|.*Position))$/;

/** A movie's tags as exiftool reads them: a second opinion on what our own parser wrote. One process, started at the first use; `close` ends it. */
export class MovieTags {
  constructor(private readonly exiftool: ExifTool = new ExifTool({ maxProcs: 1, taskTimeoutMillis: 10 * 60_000 })) {}

  /** Names and values that {@link differences} compares, dates as numbers of the file (no time zone applied). */
  async read(path: string): Promise<ReadonlyMap<string, string>> {
    const tags = await this.exiftool
      .readRaw(path, { readArgs: ['-G1', '-n', '-a', ...large, '-api', 'QuickTimeUTC=0'] })
      .catch((error: unknown) => Promise.reject(new PipelineError('PROGRAM_FAILED', `exiftool could not read the tags: ${String(error)}`, { cause: error })));
    return new Map(
      Object.entries(tags)
        .filter(([name]) => compared.test(name) && !notCompared.test(name))
        .map(([name, value]): [string, string] => [name, JSON.stringify(value)])
        .filter(([, value]) => !value.startsWith('"0000:')), // a date that was never set
    );
  }

  /** Tags of the source that the result lacks or has with another value; additions do not count. */
  async differences(source: string, result: string): Promise<string[]> {
    const [before, after] = [await this.read(source), await this.read(result)];
    return [...before].filter(([name, value]) => after.get(name) !== value).map(([name]) => name);
  }

  async close(): Promise<void> {
    await this.exiftool.end();
  }
}
