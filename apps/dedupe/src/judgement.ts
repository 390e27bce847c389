import { Injectable } from '@nestjs/common';
import { Database, type AssetWithFiles, type Repositories } from '@media-pipeline/schema';
import { Settings } from '@media-pipeline/stage';
import { MediaInspector } from './adapters/media-inspector';
import { OutsideFiles, type OutsideCopy } from './adapters/outside-files';
import { betterNames, compareAssets } from './preference';
import { claimsOf, contentHashes, judge, sidecarsAreKept, type Verdict } from './verdict';

export type Decision = { readonly kind: 'unique' } | { readonly kind: 'duplicate'; readonly of: string | null; readonly path: string } | { readonly kind: 'overtaken' };

/** Somebody else has judged the asset meanwhile: what this transaction did must not stay. */
class Overtaken extends Error {}

/** Decides about one asset and writes the decision down, all in one transaction. */
@Injectable()
export class Judgement {
  constructor(
    private readonly settings: Settings,
    private readonly database: Database,
    private readonly inspector: MediaInspector,
    private readonly outside: OutsideFiles,
  ) {}

  async decide(asset: AssetWithFiles): Promise<Decision> {
    const hashes = contentHashes(asset.files);
    const { deduplication } = this.settings.enable;
    // What lies on disk is looked at before: a transaction waits for nothing but the database.
    const lost = deduplication ? await this.lostHolders(asset, hashes) : new Set<string>();
    const copies = deduplication ? await this.outside.copiesOf(asset.files) : null;
    try {
      return await this.database.write((repositories) => this.write(repositories, asset, hashes, lost, copies));
    } catch (error) {
      if (error instanceof Overtaken) return { kind: 'overtaken' };
      throw error;
    }
  }

  private async write(repositories: Repositories, asset: AssetWithFiles, hashes: readonly string[], lost: ReadonlySet<string>, copies: readonly OutsideCopy[] | null): Promise<Decision> {
    const { assets, duplicates } = repositories;
    const claims = claimsOf(hashes);
    if (!this.settings.enable.deduplication) {
      // Claimed even while the stage is off, so that switching it on later knows what is here.
      await assets.claimContent(asset.id, claims);
      return this.pass(repositories, asset, 'deduplication is off: passed on');
    }
    const present = (await duplicates.holders(asset.id, claims)).filter((id) => !lost.has(id));
    const [copy] = copies ?? [];
    if (copy && present.length === 0) return this.drop(repositories, asset, { id: null, path: copy.path, reason: `the same bytes lie at ${copy.path}`, better: 'survivor', adopted: false });
    for (const id of lost) await duplicates.takeOver(asset.id, claims, id);
    const owners = await assets.claimContent(asset.id, claims);
    const holders = await assets.findMany(await duplicates.holders(asset.id, claims));
    const verdict = judgeAll(asset, hashes, owners, holders);
    if (verdict.kind === 'unique') {
      const partner = holders.find(({ id }) => id === verdict.overlap);
      if (partner) {
        const reason = `some of its files are those of ${nameOf(partner)}; both are kept whole`;
        await duplicates.record({ assetId: asset.id, kind: 'overlap', survivorId: partner.id, survivorPath: null, better: asset.files.length > partner.files.length ? 'newcomer' : 'survivor', reason, adopted: false });
      }
      return this.pass(repositories, asset, lost.size > 0 ? 'content was seen before, but its bytes are no longer there' : 'content not seen before');
    }
    const survivor = holders.find(({ id }) => id === verdict.of);
    if (!survivor) throw new Overtaken();
    const { better, why } = compareAssets(survivor, asset);
    const adopted = better === 'newcomer' && (await duplicates.adoptNames(survivor.id, betterNames(survivor, asset)));
    await assets.recordDuplicate(pairFiles(asset, survivor));
    if (adopted) await repositories.log.write({ step: 'dedupe', status: 'info', assetId: survivor.id, message: `is called ${nameOf(asset)} from now on, as its duplicate, which ${why}` });
    return this.drop(repositories, asset, { id: survivor.id, path: nameOf(survivor), reason: better === 'survivor' ? `the survivor ${why}` : `the duplicate ${why}${adopted ? '; the survivor took its name' : ', but the survivor has its names already'}`, better, adopted });
  }

  private async pass({ assets }: Repositories, asset: AssetWithFiles, message: string): Promise<Decision> {
    if (!(await assets.move(asset.id, 'discovered', 'unique', { step: 'dedupe', status: 'success', assetId: asset.id, message }))) throw new Overtaken();
    return { kind: 'unique' };
  }

  private async drop({ assets, duplicates }: Repositories, asset: AssetWithFiles, survivor: { id: string | null; path: string; reason: string; better: 'survivor' | 'newcomer'; adopted: boolean }): Promise<Decision> {
    const log = { step: 'dedupe', status: 'success', assetId: asset.id, message: `same content as ${survivor.path}: ${survivor.reason}` } as const;
    if (!(await assets.move(asset.id, 'discovered', 'duplicate', log, { duplicateOf: survivor.id }))) throw new Overtaken();
    const { id, path, reason, better, adopted } = survivor;
    await duplicates.record({ assetId: asset.id, kind: 'duplicate', survivorId: id, survivorPath: id === null ? path : null, better, reason, adopted });
    return { kind: 'duplicate', of: id, path };
  }

  /** Assets that own the content and whose bytes are not where the database says: nothing may be given up for them. */
  private async lostHolders(asset: AssetWithFiles, hashes: readonly string[]): Promise<Set<string>> {
    const holders = await this.database.assets.findMany(await this.database.duplicates.holders(asset.id, claimsOf(hashes)));
    const there = await Promise.all(holders.map((holder) => this.inspector.hasBytes(holder.files.filter(({ sha256 }) => sha256 !== null && hashes.includes(sha256)))));
    return new Set(holders.filter((_, index) => there[index] === false).map(({ id }) => id));
  }
}

/** A duplicate whose sidecar the survivor has not is none: what goes with its pictures would be lost. */
function judgeAll(asset: AssetWithFiles, hashes: readonly string[], owners: ReadonlyMap<string, string>, holders: readonly AssetWithFiles[]): Verdict {
  const verdict = judge(asset.id, hashes, owners, holders.map(({ id, files }) => ({ id, hashes: contentHashes(files) })));
  if (verdict.kind === 'unique') return verdict;
  const survivor = holders.find(({ id }) => id === verdict.of);
  return survivor && !sidecarsAreKept(asset.files, survivor.files) ? { kind: 'unique', overlap: survivor.id } : verdict;
}

const nameOf = ({ files }: AssetWithFiles): string => files[0]?.filename ?? '';

function pairFiles(asset: AssetWithFiles, survivor: AssetWithFiles): { originalFileId: string; duplicateFileId: string; sha256: string }[] {
  return asset.files.flatMap((file) => {
    const original = survivor.files.find((candidate) => candidate.sha256 === file.sha256);
    return original && file.sha256 !== null ? [{ originalFileId: original.id, duplicateFileId: file.id, sha256: file.sha256 }] : [];
  });
}
