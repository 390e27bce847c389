import { access } from 'node:fs/promises';
import { ExifTool, type WriteTags } from 'exiftool-vendored';
import { PipelineError } from '@media-pipeline/contracts';

const large = ['-api', 'LargeFileSupport=1'];
/** Everything that a person or a phone wrote into a movie, by exiftool's groups. */
const copied = ['-Keys:all', '-ItemList:all', '-UserData:all', '-XMP:all', '-QuickTime:CreateDate', '-QuickTime:ModifyDate', '-TrackCreateDate', '-TrackModifyDate', '-MediaCreateDate', '-MediaModifyDate'];
const compared = /^(Keys|ItemList|UserData|XMP-\w+):|^QuickTime:(CreateDate|ModifyDate)$|^Track\d+:(Track|Media)(CreateDate|ModifyDate)$/;
/** What exiftool derives from places in the file or what every writer sets for itself. */
const notCompared = /^(XMP-x:XMPToolkit|(Keys|ItemList|UserData):(Encoder|Warning|.*Position))$/;

/** What ffmpeg writes about itself goes. */
const ffmpegsOwn: WriteTags & Record<'ItemList:Encoder', null> = { 'ItemList:Encoder': null };

/** A movie's tags by way of exiftool. One process, started at the first use; `close` ends it. */
export class MovieTags {
  constructor(private readonly exiftool: ExifTool = new ExifTool({ maxProcs: 1, taskTimeoutMillis: 10 * 60_000 })) {}

  /**
   * Writes `target` as a copy of `movie` with the tags and dates of `source`. `source` is only read; `target` must not exist:
   * with `-overwrite_original` beside `-o`, exiftool has deleted what it read from, so neither overwrites anything here.
   */
  async copy(source: string, movie: string, target: string): Promise<void> {
    await this.exiftool
      // without one field of its own exiftool-vendored adds `-FileName<FileName`, which beats `-o`: exiftool then changes `movie` itself
      .write(movie, ffmpegsOwn, { writeArgs: [...large, '-o', target, '-TagsFromFile', source, ...copied] })
      .catch((error: unknown) => Promise.reject(failed('copy', error)));
    await access(target).catch((error: unknown) => Promise.reject(failed('copy', error)));
  }

  /** Names and values that {@link differences} compares, dates as numbers of the file (no time zone applied). */
  async read(path: string): Promise<ReadonlyMap<string, string>> {
    const tags = await this.exiftool
      .readRaw(path, { readArgs: ['-G1', '-n', '-a', ...large, '-api', 'QuickTimeUTC=0'] })
      .catch((error: unknown) => Promise.reject(failed('read', error)));
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

const failed = (what: string, cause: unknown): PipelineError => new PipelineError('PROGRAM_FAILED', `exiftool could not ${what} the tags: ${String(cause)}`, { cause });
