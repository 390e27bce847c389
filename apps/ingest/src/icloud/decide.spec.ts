import fc from 'fast-check';
import { Library } from '@media-pipeline/files';
import type { AssetFilter, CloudAsset, CloudResource, ResourceRole } from '@media-pipeline/icloud';
import type { Arrival, AssetWithFiles, SeenSourceFile } from '@media-pipeline/schema';
import { aFile, anAsset } from '@media-pipeline/testing';
import { arrivalOf } from './arrival';
import { decide, type Known } from './decide';
import { judgeDue } from './due';
import { aCloudAsset, aResource } from './e2e/records';
import { fingerprintOf, readSourcePath, recordOf, sourcePathOf } from './identity';

const everything: AssetFilter = { since: null, until: null, kinds: [], shared: true };
const library = Library.at('/library');

const known = (asset: CloudAsset, resource: CloudResource, changes: Partial<SeenSourceFile> = {}): [string, SeenSourceFile] => {
  const sourcePath = sourcePathOf(asset, resource);
  return [sourcePath, { sourcePath, fingerprint: fingerprintOf(resource), assetId: 'one', state: 'sorted', code: null, goneAt: null, ...changes }];
};

const unknown: Known = { seen: new Map(), uploaded: new Set() };
const knownOf = (files: readonly [string, SeenSourceFile][], ...uploaded: readonly CloudResource[]): Known => ({ seen: new Map(files), uploaded: new Set(uploaded.map(fingerprintOf)) });

describe('a listed asset', () => {
  const asset = aCloudAsset({ resources: [aResource('original'), aResource('edited', { checksum: 'AE==' })] });
  const [original, edited] = asset.resources as [CloudResource, CloudResource];

  it('that nobody knows is taken as a whole', () => {
    expect(decide(asset, unknown, everything)).toEqual({ kind: 'take', takings: asset.resources.map((resource) => ({ resource, instead: null })), returned: [] });
  });

  it('that is known is left', () => {
    expect(decide(asset, knownOf([known(asset, original), known(asset, edited)]), everything)).toEqual({ kind: 'here', revive: [], returned: [] });
  });

  it('with a new edit gives the edit alone', () => {
    expect(decide(asset, knownOf([known(asset, original)]), everything)).toMatchObject({ takings: [{ resource: edited, instead: null }] });
  });

  it('with a new edit begins anew what has not come yet', () => {
    expect(decide(asset, knownOf([known(asset, original, { state: 'arriving' })]), everything)).toMatchObject({ takings: [{ resource: original, instead: 'one' }, { resource: edited, instead: null }] });
    expect(decide(asset, knownOf([known(asset, original, { state: 'set_aside', code: 'FILE_VANISHED' })]), everything)).toMatchObject({ takings: [{ instead: 'one' }, { instead: null }] });
  });

  it('that was set aside because it was gone is taken back; for any other reason it is not', () => {
    const both = (code: string) => knownOf([original, edited].map((resource) => known(asset, resource, { state: 'set_aside', code, goneAt: new Date() })));
    expect(decide(asset, both('FILE_VANISHED'), everything)).toEqual({ kind: 'here', revive: ['one'], returned: ['one'] });
    expect(decide(asset, both('MEDIA_CORRUPT'), everything)).toEqual({ kind: 'here', revive: [], returned: ['one'] });
  });

  it('that is not wanted is skipped, with the reason', () => {
    expect(decide({ ...asset, hidden: true }, unknown, everything)).toEqual({ kind: 'skip', why: 'hidden' });
    expect(decide(asset, unknown, { ...everything, since: Date.parse('2022-01-01') })).toEqual({ kind: 'skip', why: 'before_since' });
  });
});

describe('an asset that was uploaded from here', () => {
  const [original, moves, edited, sidecar] = [aResource('original'), aResource('live_video', { checksum: 'AV==' }), aResource('edited', { checksum: 'AE==' }), aResource('sidecar', { checksum: 'AS==' })];
  const own = { kind: 'skip', why: 'own_upload' };

  it('is left out, when all that came into it was', () => {
    expect(decide(aCloudAsset({ resources: [original] }), knownOf([], original), everything)).toEqual(own);
    const live = aCloudAsset({ resources: [original, moves] });
    expect(decide(live, knownOf([], original, moves), everything)).toEqual(own);
    for (const uploaded of [[original], [moves]]) expect(decide(live, knownOf([], ...uploaded), everything)).toMatchObject({ kind: 'take', takings: [{ resource: original }, { resource: moves }] });
  });

  it('is told by checksum and size', () => {
    const asset = aCloudAsset({ resources: [original] });
    expect(decide(asset, knownOf([], { ...original, bytes: original.bytes + 1 }), everything)).toMatchObject({ kind: 'take' });
    expect(decide(asset, knownOf([], edited), everything)).toMatchObject({ kind: 'take' });
  });

  it('gives what somebody made of it in iCloud, and that alone', () => {
    const asset = aCloudAsset({ resources: [original, edited, sidecar] });
    expect(decide(asset, knownOf([], original), everything)).toEqual({ kind: 'take', takings: [edited, sidecar].map((resource) => ({ resource, instead: null })), returned: [] });
    expect(decide(asset, knownOf([known(asset, edited, { goneAt: new Date() }), known(asset, sidecar)], original), everything)).toEqual({ kind: 'here', revive: [], returned: ['one'] });
    // the edit is described, and not made yet
    expect(decide(aCloudAsset({ resources: [original, sidecar] }), knownOf([], original), everything)).toEqual(own);
  });

  it('is none when it was taken in before its content was uploaded', () => {
    const asset = aCloudAsset({ resources: [original, edited] });
    expect(decide(asset, knownOf([known(asset, original)], original), everything)).toMatchObject({ takings: [{ resource: edited }] });
    expect(decide(asset, knownOf([known(asset, original, { goneAt: new Date() }), known(asset, edited)], original), everything)).toEqual({ kind: 'here', revive: [], returned: ['one'] });
  });

  it('that is hidden or thrown away counts as that', () => {
    expect(decide(aCloudAsset({ resources: [original], trashed: true }), knownOf([], original), everything)).toEqual({ kind: 'skip', why: 'trashed' });
  });
});

it('knows files by names that no name from Apple breaks', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), fc.string({ unit: 'binary', minLength: 1 }), fc.string({ unit: 'binary', minLength: 1 }), (zone, recordName, key) => {
      const path = sourcePathOf({ zone: { name: zone, owner: null, database: 'private', shared: false }, recordName }, { key });
      expect(path).not.toContain('\0');
      expect(path.startsWith(`icloud:${recordOf(zone, recordName)}/`)).toBe(true);
      expect(readSourcePath(path)).toEqual({ zone, recordName, key });
    }),
  );
});

/** The database, as far as an intake sees it. */
class Ledger {
  readonly assets: AssetWithFiles[] = [];
  readonly seen = new Map<string, SeenSourceFile>();

  constructor(readonly uploaded: ReadonlySet<string> = new Set()) {}

  reserve(arrival: Arrival): void {
    const owners = new Set(arrival.files.map(({ sourcePath, fingerprint }) => (this.seen.get(sourcePath)?.fingerprint === fingerprint ? this.seen.get(sourcePath)?.assetId : null)));
    const [owner] = owners;
    if (owners.size === 1 && typeof owner === 'string') return;
    const id = `asset ${this.assets.length}`;
    const files = arrival.files.map((file, at) => aFile({ id: `${id} ${at}`, assetId: id, role: file.role, filename: file.filename, path: file.path, bytes: file.bytes, sourcePath: file.sourcePath, sha256: null }));
    this.assets.push(anAsset({ id, source: 'icloud', state: 'arriving', files }));
    for (const { sourcePath, fingerprint } of arrival.files) this.seen.set(sourcePath, { sourcePath, fingerprint, assetId: id, state: 'arriving', code: null, goneAt: null });
  }

  set(id: string, state: AssetWithFiles['state'], code: string | null = null): void {
    const at = this.assets.findIndex((asset) => asset.id === id);
    const asset = this.assets[at];
    if (asset) this.assets[at] = { ...asset, state, code };
    for (const [path, file] of this.seen) if (file.assetId === id) this.seen.set(path, { ...file, state, code });
  }

  list(asset: CloudAsset): 'new' | 'here' | 'skipped' {
    const verdict = decide(asset, this, everything);
    if (verdict.kind === 'skip') return 'skipped';
    if (verdict.kind === 'here') {
      for (const id of verdict.revive) this.set(id, 'arriving');
      return 'here';
    }
    this.reserve(arrivalOf(library, asset, verdict.takings));
    return 'new';
  }

  /** Brings what is arriving, as the collector does. @returns the versions that came */
  collect(cloud: CloudAsset | undefined, brought: Map<string, string>, most = Infinity): void {
    let left = most;
    for (let at = 0; at < this.assets.length; at++) {
      const asset = this.assets[at];
      if (asset?.state !== 'arriving' || left-- <= 0) continue;
      const due = judgeDue(asset, cloud ?? { recordName: 'A', code: 'NOT_FOUND', reason: '' }, this);
      if (due.kind === 'bring') {
        for (const { file, resource } of due.files) brought.set(`${resource.key} ${fingerprintOf(resource)} of ${asset.id}`, file.id);
        this.set(asset.id, 'sorted');
      } else {
        if (due.kind === 'retake') this.reserve(arrivalOf(library, due.cloud, due.takings));
        this.set(asset.id, 'set_aside', due.kind === 'vanished' ? 'FILE_VANISHED' : 'FILE_CHANGING');
      }
    }
  }
}

it('brings an edit that was taken back and made again while the photo itself was replaced', () => {
  const edited = aResource('edited', { checksum: 'v2', bytes: 2 });
  const later = aResource('original', { checksum: 'o2' });
  const ledger = new Ledger();
  const brought = new Map<string, string>();
  for (const resources of [[aResource('original', { checksum: 'o1' }), edited], [later], [later, edited]]) ledger.list(aCloudAsset({ resources }));
  const cloud = aCloudAsset({ resources: [later, edited] });
  ledger.collect(cloud, brought);
  expect(cloud.resources.map((resource) => ledger.seen.get(sourcePathOf(cloud, resource))?.state)).toEqual(['sorted', 'sorted']);
});

it('brings every version of every file that stays, once, whatever happens in which order', () => {
  const version = (role: ResourceRole) => fc.option(fc.integer({ min: 1, max: 3 }).map((n) => aResource(role, { checksum: `v${n}`, bytes: n })), { nil: null });
  const resources = fc.tuple(fc.integer({ min: 1, max: 2 }).map((n) => aResource('original', { checksum: `o${n}` })), version('live_video'), version('edited'), version('sidecar')).map((all) => all.filter((one) => one !== null));
  const step = fc.oneof(
    resources.map((now) => ({ kind: 'change', now }) as const),
    fc.constant({ kind: 'list' } as const),
    fc.constant({ kind: 'trash' } as const),
    fc.integer({ min: 0, max: 2 }).map((most) => ({ kind: 'collect', most }) as const),
  );
  fc.assert(
    fc.property(resources, fc.array(step, { maxLength: 12 }), fc.subarray(['10:o1', '1:v1', '2:v2']), (first, steps, uploaded) => {
      const ledger = new Ledger(new Set(uploaded));
      const isOwn = (resource: CloudResource): boolean => ledger.uploaded.has(fingerprintOf(resource));
      const brought = new Map<string, string>();
      let cloud = aCloudAsset({ resources: first });
      for (const one of steps) {
        if (one.kind === 'change') cloud = { ...cloud, trashed: false, resources: one.now };
        if (one.kind === 'trash') cloud = { ...cloud, trashed: true };
        if (one.kind === 'list') ledger.list(cloud);
        if (one.kind === 'collect') ledger.collect(cloud, brought, one.most);
      }
      cloud = { ...cloud, trashed: false };
      ledger.list(cloud);
      ledger.collect(cloud, brought);
      // what a retake wrote down comes in the same collection
      expect(ledger.assets.filter(({ state }) => state === 'arriving')).toEqual([]);
      // every file as it is now is here, in an asset that has all of its own files; of what was uploaded from here, what was made of it
      const given = cloud.resources.filter(({ role }) => role === 'original' || role === 'live_video');
      const neverTaken = given.every((resource) => isOwn(resource) && !ledger.seen.has(sourcePathOf(cloud, resource)));
      const eligible = !neverTaken ? cloud.resources : cloud.resources.some(({ role }) => role === 'edited') ? cloud.resources.filter((resource) => !given.includes(resource)) : [];
      for (const resource of eligible) {
        const owner = ledger.seen.get(sourcePathOf(cloud, resource));
        expect(owner?.state).toBe('sorted');
      }
      // and nothing came twice: a version is in one asset, unless another one had it in between
      expect(ledger.list(cloud)).toBe(eligible.length > 0 ? 'here' : 'skipped');
      const count = ledger.assets.length;
      ledger.collect(cloud, brought);
      expect(ledger.assets.length).toBe(count);
      // no asset that came is ever given up
      for (const id of new Set([...brought.keys()].map((key) => key.slice(key.indexOf('asset '))))) expect(ledger.assets.find((asset) => asset.id === id)?.state).toBe('sorted');
    }),
    { numRuns: 2_000 },
  );
});
