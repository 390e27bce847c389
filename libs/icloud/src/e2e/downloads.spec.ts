import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { FaultName } from '@media-pipeline/local-icloud';
import { Downloader, PhotoLibrary, type CloudAsset, type CloudResource, type ICloudAccount, type Zone } from '..';
import { scenario, type Scene } from './scene';

class Downloads {
  readonly contents = new Map<string, Buffer>();
  looked = 0;

  private constructor(
    private readonly scene: Scene,
    readonly photos: PhotoLibrary,
    readonly downloader: Downloader,
    readonly zone: Zone,
    readonly assets: readonly CloudAsset[],
  ) {}

  /** A library of a few photos whose bytes are known. */
  static async of(scene: Scene, sizes: readonly number[]): Promise<Downloads> {
    const contents = new Map<string, Buffer>();
    for (const [index, size] of sizes.entries()) {
      const [data, video] = [randomBytes(size), randomBytes(2000)];
      const { recordName } = await scene.icloud.library.add({ filename: `IMG_${index}.HEIC`, original: { data, type: 'public.heic' }, liveVideo: { data: video, type: 'com.apple.quicktime-movie' } });
      contents.set(`${recordName}/resOriginal`, data);
      contents.set(`${recordName}/resOriginalVidCompl`, video);
    }
    const account: ICloudAccount = await scene.signedIn();
    const photos = new PhotoLibrary(account, { clock: scene.clientClock });
    const zone = (await photos.zones())[0]!;
    const assets: CloudAsset[] = [];
    for await (const page of photos.list(zone)) assets.push(...page.assets);
    const downloads = new Downloads(scene, photos, new Downloader(account, { clock: scene.clientClock, atOnce: 3 }), zone, assets);
    for (const [name, data] of contents) downloads.contents.set(name, data);
    return downloads;
  }

  part(asset: CloudAsset, { key }: CloudResource): string {
    return path.join(this.scene.folder, `${asset.recordName}-${key}.part`);
  }

  async one(asset: CloudAsset, resource: CloudResource): Promise<{ sha256: string; bytes: number }> {
    return await this.downloader.download(resource, this.part(asset, resource), {
      freshUrl: async () => {
        this.looked += 1;
        const { assets } = await this.photos.lookup(this.zone, [asset]);
        return assets.get(asset.recordName)?.resources.find(({ key }) => key === resource.key)?.url ?? '';
      },
    });
  }

  /** Downloads everything and compares each byte. */
  async all(): Promise<void> {
    await Promise.all(
      this.assets.flatMap((asset) =>
        asset.resources.map(async (resource) => {
          const data = this.contents.get(`${asset.recordName}/${resource.key}`)!;
          expect(await this.one(asset, resource)).toEqual({ sha256: createHash('sha256').update(data).digest('hex'), bytes: data.length });
          expect((await readFile(this.part(asset, resource))).equals(data)).toBe(true);
        }),
      ),
    );
  }
}

const faults: FaultName[] = ['download.410', 'download.html', 'download.tinyError', 'download.truncate', 'download.flip', 'download.ignoreRange', 'download.drop', 'download.429'];

it(
  'downloads every byte when nothing goes wrong',
  scenario({}, async (scene) => {
    const downloads = await Downloads.of(scene, [1, 17, 1024, 65_536, 3_000_000, 5_000_001]);
    await downloads.all();
    expect(downloads.looked).toBe(0);
  }),
);

it.each(faults)('downloads every byte with %s', (fault) =>
  scenario({}, async (scene) => {
    const downloads = await Downloads.of(scene, [5000, 400_000, 2_500_000]);
    if (fault === 'download.ignoreRange') scene.icloud.faults.withProbability('download.truncate', 0.5);
    if (fault === 'download.ignoreRange') scene.icloud.faults.always(fault);
    else scene.icloud.faults.once(fault, 4);
    await downloads.all();
    expect(scene.icloud.faults.hits(fault)).toBeGreaterThan(0);
  })(),
);

it(
  'downloads every byte with all of them together',
  scenario({}, async (scene) => {
    const downloads = await Downloads.of(scene, Array.from({ length: 25 }, (_, index) => 3000 + index * 60_000));
    for (const fault of faults) scene.icloud.faults.withProbability(fault, 0.04);
    await downloads.all();
    expect(scene.counts.signIns).toBe(1);
  }),
);

it(
  'looks an address up when the listed one has run out, once for each file',
  scenario({}, async (scene) => {
    const downloads = await Downloads.of(scene, [4000, 5000]);
    scene.clock.advance(2 * 3_600_000);
    scene.icloud.traffic.clear();
    await downloads.all();
    expect(scene.icloud.traffic.requests.filter(({ status }) => status === 410)).toHaveLength(4);
    expect(downloads.looked).toBe(4);
  }),
);

it(
  'gives a file up that is answered with 410 for ever, after a few requests',
  scenario({}, async (scene) => {
    const downloads = await Downloads.of(scene, [4000]);
    const [asset] = downloads.assets;
    scene.icloud.faults.always('download.410');
    scene.icloud.traffic.clear();
    expect(await scene.refusal(downloads.one(asset!, asset!.resources[0]!))).toBe('ICLOUD_URL_EXPIRED');
    const asked = scene.icloud.traffic.requests.filter(({ status }) => status === 410);
    expect(asked.length).toBeLessThanOrEqual(6);
    expect(new Set(asked.map(({ path: url }) => url)).size).toBe(asked.length);
  }),
);

it(
  'does not accept content that is not the recorded one, and tells',
  scenario({}, async (scene) => {
    const downloads = await Downloads.of(scene, [100_000]);
    const [asset] = downloads.assets;
    scene.icloud.faults.always('download.flip');
    expect(await scene.refusal(downloads.one(asset!, asset!.resources[0]!))).toBe('ICLOUD_CONTENT_MISMATCH');
    scene.icloud.faults.clear();
    await downloads.all();
  }),
);
