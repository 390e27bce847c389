import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startPostgres, type TestPostgres } from '@media-pipeline/testing';
import { Database, type DatabaseConfig } from '..';
import { arrivalContract } from './contract/arrivals';
import { batchContract } from './contract/batches';
import { cloudContentContract } from './contract/cloud-contents';
import { contentContract } from './contract/content';
import { duplicateContract } from './contract/duplicates';
import { handOverContract } from './contract/hand-overs';
import { journalContract } from './contract/journal';
import { legacyContract } from './contract/legacy';
import { ownUploadContract } from './contract/own-uploads';
import { raceContract } from './contract/race';
import { recompressionContract } from './contract/recompressions';
import type { Setup } from './contract/setup';
import { sourceContract } from './contract/sources';
import { transitionContract } from './contract/transitions';

let folder: string;
let server: TestPostgres;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mp-schema-'));
  server = await startPostgres();
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

const engines: readonly (readonly [name: string, config: () => DatabaseConfig])[] = [
  ['SQLite', () => ({ kind: 'sqlite', file: path.join(folder, 'pipeline.db') })],
  ['Postgres', () => ({ kind: 'postgres', url: server.urls[0] ?? '' })],
];

describe.each(engines)('the repositories on %s', (_name, config) => {
  let opened: Setup;
  beforeAll(async () => {
    const [database, another] = await Promise.all([Database.open(config()), Database.open(config())]);
    opened = { database, another };
  });
  afterAll(async () => {
    await opened.database.close();
    await opened.another.close();
  });

  const setup = () => opened;
  arrivalContract(setup);
  transitionContract(setup);
  cloudContentContract(setup);
  ownUploadContract(setup);
  handOverContract(setup);
  contentContract(setup);
  batchContract(setup);
  journalContract(setup);
  duplicateContract(setup);
  recompressionContract(setup);
  legacyContract(config);
  sourceContract(setup);
  raceContract(setup, config);
});
