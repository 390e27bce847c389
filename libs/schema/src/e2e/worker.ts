import { Database, type DatabaseConfig } from '..';
import { arrival, logOf, sha } from './samples';

/** What a child process is told to do (its first argument, as JSON); it answers with JSON lines. */
export type Job =
  | { readonly kind: 'open'; readonly config: DatabaseConfig }
  | { readonly kind: 'race'; readonly config: DatabaseConfig; readonly prefix: string; readonly worker: number }
  | { readonly kind: 'storm'; readonly config: DatabaseConfig; readonly prefix: string };

/** What a racer got. */
export interface RaceResult {
  /** The assets of source files that every racer takes in. */
  readonly shared: readonly string[];
  /** The places of files of its own that all want the same name. */
  readonly own: readonly string[];
  readonly owners: readonly (readonly [hash: string, assetId: string])[];
}

const answer = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

const job = JSON.parse(process.argv[2] ?? '') as Job;

async function race(database: Database, prefix: string, worker: number): Promise<RaceResult> {
  const shared = await database.assets.reserve(Array.from({ length: 60 }, (_, i) => arrival(`${prefix}/shared/${i}.jpg`)));
  const own = await Promise.all(
    Array.from({ length: 60 }, (_, i) => database.assets.reserve([arrival(`${prefix}/own/${worker}-${i}.jpg`, { path: `originals/${prefix}/IMG.jpg` })])),
  );
  const limits = { maxFiles: 7, maxBytes: 1e9 };
  await Promise.all(
    shared.map(({ id, files }) => {
      const staged = files.map((file) => ({ fileId: file.id, name: 'IMG.jpg', sha256: sha(file.id), bytes: 10 }));
      return database.batches.assign('icloud', id, staged, limits, true);
    }),
  );
  const mine = own.flat().map(({ id }) => id);
  const claims = await Promise.all(mine.map((id, i) => database.assets.claimContent(id, [sha(`${prefix}${i}`), sha(`${prefix}${59 - i}`)])));
  return {
    shared: shared.map(({ id }) => id),
    own: own.flat().flatMap(({ files }) => files.map((file) => file.path)),
    owners: claims.flatMap((claim) => [...claim]),
  };
}

/** Takes assets in until it is killed; says the id of each that is answered for. */
async function storm(database: Database, prefix: string): Promise<never> {
  let n = 0;
  const lane = async (): Promise<never> => {
    for (;;) {
      const name = `${prefix}/${process.pid}-${n++}.jpg`;
      const [asset] = await database.assets.reserve([arrival(name)]);
      if (!asset) throw new Error('nothing reserved');
      await database.write(async ({ assets, log }) => {
        await assets.arrived(
          asset.id,
          asset.files.map(({ id }) => ({ fileId: id, sha256: sha(name), bytes: 1 })),
          logOf('ingest'),
        );
        await assets.move(asset.id, 'discovered', 'unique', logOf('dedupe'));
        await log.write({ ...logOf('dedupe'), assetId: asset.id });
      });
      answer(asset.id);
    }
  };
  return Promise.race(Array.from({ length: 8 }, lane));
}

async function main(): Promise<void> {
  const database = await Database.open(job.config);
  if (job.kind === 'race') answer(await race(database, job.prefix, job.worker));
  if (job.kind === 'storm') await storm(database, job.prefix);
  await database.close();
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
