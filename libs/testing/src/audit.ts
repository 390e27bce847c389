import { createHash } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { isTerminal, LibraryPath } from '@media-pipeline/contracts';
import { isTemporaryName } from '@media-pipeline/files';
import type { AssetWithFiles, Database } from '@media-pipeline/schema';

export interface AuditRequest {
  /** Root of a library whose areas lie at their default places. */
  readonly root: string;
  readonly database: Database;
  /** SHA-256 of every content that the archive must hold, each exactly once, and nothing else. */
  readonly archived: ReadonlySet<string>;
}

/** SHA-256 of a file, hex. Read by other means than the pipeline's own, on purpose. */
export const sha256Of = async (file: string): Promise<string> => createHash('sha256').update(await readFile(file)).digest('hex');

/**
 * Holds the database against the disk and both against what was put in, trusting neither. Empty when all is well: every wanted
 * content in the archive exactly once, every asset ended, every path true by hash, no orphan, no temp file, no batch with a file twice.
 */
export async function auditLibrary({ root, database, archived }: AuditRequest): Promise<string[]> {
  const problems: string[] = [];
  const assets = await allAssets(database);
  const onDisk = await hashTree(root, ['originals', 'compressed', 'sorted', 'bridge', 'cleanup']);
  for (const name of await temporaries(root)) problems.push(`temp file left: ${name}`);
  problems.push(...archiveProblems(onDisk, archived), ...assets.flatMap((asset) => assetProblems(asset, onDisk)), ...orphans(assets, onDisk));
  problems.push(...(await batchProblems(root, database, onDisk)));
  for (const entry of await database.journal.unfinished()) problems.push(`unfinished move: ${entry.from} → ${entry.to ?? ''}`);
  return problems;
}

async function allAssets(database: Database): Promise<AssetWithFiles[]> {
  const assets: AssetWithFiles[] = [];
  for (;;) {
    const after = assets.at(-1)?.id;
    const page = await database.assets.list({ limit: 500, ...(after === undefined ? {} : { after }) });
    assets.push(...page);
    if (page.length < 500) return assets;
  }
}

/** Library path → hash of every regular file under the given folders. */
async function hashTree(root: string, folders: readonly string[]): Promise<Map<string, string>> {
  const hashes = new Map<string, string>();
  const seen = new Map<string, string>();
  for (const folder of folders) {
    for (const entry of await readdir(path.join(root, folder), { withFileTypes: true, recursive: true })) {
      if (!entry.isFile() || isTemporaryName(entry.name)) continue;
      const file = path.join(entry.parentPath, entry.name);
      const { dev, ino } = await lstat(file, { bigint: true });
      const inode = `${dev}:${ino}`;
      const hash = seen.get(inode) ?? (await sha256Of(file));
      seen.set(inode, hash);
      hashes.set(path.relative(root, file).split(path.sep).join('/'), hash);
    }
  }
  return hashes;
}

async function temporaries(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => isTemporaryName(entry.name)).map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));
}

function archiveProblems(onDisk: ReadonlyMap<string, string>, wanted: ReadonlySet<string>): string[] {
  const places = new Map<string, string[]>();
  for (const [file, hash] of onDisk) if (file.startsWith('sorted/')) places.set(hash, [...(places.get(hash) ?? []), file]);
  return [
    ...[...wanted].filter((hash) => !places.has(hash)).map((hash) => `not in the archive: ${hash}`),
    ...[...places].filter(([, files]) => files.length > 1).map(([, files]) => `twice in the archive: ${files.join(', ')}`),
    ...[...places].filter(([hash]) => !wanted.has(hash)).map(([hash, files]) => `in the archive, but never put in: ${files.join(', ')} (${hash})`),
  ];
}

function assetProblems(asset: AssetWithFiles, onDisk: ReadonlyMap<string, string>): string[] {
  const problems: string[] = [];
  const expect = (what: string, place: string | null, hash: string | null): void => {
    if (place === null || hash === null) return;
    const found = onDisk.get(place);
    if (found !== hash) problems.push(`${asset.id} (${asset.state}): ${what} ${place} is ${found === undefined ? 'missing' : 'another file'}`);
  };
  if (!isTerminal(asset.state)) problems.push(`${asset.id} has not ended: ${asset.state}`);
  for (const { path: place, archivedPath, sha256 } of asset.files) {
    expect('original', place, sha256);
    expect('archive copy', archivedPath, sha256);
  }
  for (const rendition of asset.renditions) {
    expect('rendition', rendition.path, rendition.sha256);
    expect('archived rendition', rendition.archivedPath, rendition.sha256);
  }
  if (asset.state === 'sorted' && asset.files.some(({ archivedPath }) => archivedPath === null)) problems.push(`${asset.id} is sorted, but not archived`);
  return problems;
}

function orphans(assets: readonly AssetWithFiles[], onDisk: ReadonlyMap<string, string>): string[] {
  const known = new Set<string>();
  for (const asset of assets) {
    for (const file of asset.files) [file.path, file.archivedPath].forEach((place) => place !== null && known.add(place));
    for (const rendition of asset.renditions) [rendition.path, rendition.archivedPath].forEach((place) => place !== null && known.add(place));
  }
  return [...onDisk.keys()].filter((file) => /^(originals|compressed|sorted)\//.test(file) && !known.has(file)).map((file) => `nobody knows ${file}`);
}

async function batchProblems(root: string, database: Database, onDisk: ReadonlyMap<string, string>): Promise<string[]> {
  const problems: string[] = [];
  for (const batch of await database.batches.list({ limit: 10_000 })) {
    const deliveries = await database.batches.deliveries(batch.id);
    const files = new Set(deliveries.map(({ fileId }) => fileId));
    if (files.size !== deliveries.length) problems.push(`${batch.path} lists a file twice`);
    for (const { name, sha256 } of deliveries) {
      if (onDisk.get(`${batch.path}/${name}`) !== sha256) problems.push(`${batch.path}/${name} is not what was meant`);
    }
    if (batch.status === 'open') {
      problems.push(`${batch.path} was never sealed`);
      continue;
    }
    const manifest = JSON.parse(await readFile(path.join(root, `${LibraryPath.parse(batch.path)}.manifest.json`), 'utf8')) as { files: { name: string; sha256: string }[] };
    const listed = manifest.files.map(({ name, sha256 }) => `${name} ${sha256}`).sort();
    if (listed.join('\n') !== deliveries.map(({ name, sha256 }) => `${name} ${sha256}`).sort().join('\n')) problems.push(`the manifest of ${batch.path} differs from its deliveries`);
    const inFolder = [...onDisk.keys()].filter((file) => file.startsWith(`${batch.path}/`));
    if (inFolder.length !== deliveries.length) problems.push(`${batch.path} holds ${inFolder.length} files, ${deliveries.length} were meant`);
  }
  return problems;
}
