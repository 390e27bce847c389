import type { AssetRecord, MasterRecord } from './wire';

export interface Pair {
  readonly asset: AssetRecord;
  readonly master: MasterRecord;
}

export interface Paired {
  readonly pairs: readonly Pair[];
  /** Assets that waited for their master until there was no more room: their masters are to be looked up. */
  readonly overdue: readonly AssetRecord[];
  /** Masters that no asset has named, given up for want of room. */
  readonly lone: readonly MasterRecord[];
}

/**
 * Joins assets with their masters over page borders, in any order. Never holds more than `room` waiting assets nor `room` masters; a master is
 * kept a while after its first asset, for it can have several.
 */
export class Pairing {
  readonly #masters = new Map<string, { readonly record: MasterRecord; named: boolean }>();
  readonly #waiting = new Map<string, AssetRecord>();
  readonly #waitingFor = new Map<string, Set<string>>();

  constructor(private readonly room: number) {}

  get held(): number {
    return this.#masters.size + this.#waiting.size;
  }

  /** Whether this master came and is still kept. */
  knows(master: string): boolean {
    return this.#masters.has(master);
  }

  feed(assets: readonly AssetRecord[], masters: readonly MasterRecord[]): Paired {
    const pairs: Pair[] = [];
    for (const record of masters) {
      const waiting = this.takeAwaiting(record.recordName);
      const before = this.#masters.get(record.recordName);
      this.#masters.delete(record.recordName); // so that it counts as the youngest
      this.#masters.set(record.recordName, { record, named: waiting.length > 0 || before?.named === true });
      for (const asset of waiting) pairs.push({ asset, master: record });
    }
    for (const asset of assets) {
      if (asset.masterName === null) continue;
      const master = this.#masters.get(asset.masterName);
      if (!master) {
        this.#wait(asset, asset.masterName);
        continue;
      }
      master.named = true;
      this.#forget(asset.recordName);
      pairs.push({ asset, master: master.record });
    }
    return { pairs, overdue: this.#overdue(), lone: this.#lone() };
  }

  /** The assets that wait for this master; they wait no more. */
  takeAwaiting(master: string): AssetRecord[] {
    const names = [...(this.#waitingFor.get(master) ?? [])];
    return names.flatMap((name) => this.#forget(name) ?? []);
  }

  /** What is left at the end. */
  finish(): Omit<Paired, 'pairs'> {
    const overdue = [...this.#waiting.values()];
    const lone = [...this.#masters.values()].flatMap(({ record, named }) => (named ? [] : [record]));
    this.#waiting.clear();
    this.#waitingFor.clear();
    this.#masters.clear();
    return { overdue, lone };
  }

  #wait(asset: AssetRecord, master: string): void {
    this.#forget(asset.recordName);
    this.#waiting.set(asset.recordName, asset);
    const names = this.#waitingFor.get(master) ?? new Set();
    this.#waitingFor.set(master, names.add(asset.recordName));
  }

  #forget(assetName: string): AssetRecord | undefined {
    const asset = this.#waiting.get(assetName);
    if (!asset || asset.masterName === null) return undefined;
    this.#waiting.delete(assetName);
    const names = this.#waitingFor.get(asset.masterName);
    names?.delete(assetName);
    if (names?.size === 0) this.#waitingFor.delete(asset.masterName);
    return asset;
  }

  #overdue(): AssetRecord[] {
    if (this.#waiting.size <= this.room) return [];
    const oldest = [...this.#waiting.keys()].slice(0, this.#waiting.size - this.room);
    return oldest.flatMap((name) => this.#forget(name) ?? []);
  }

  #lone(): MasterRecord[] {
    if (this.#masters.size <= this.room) return [];
    const oldest = [...this.#masters.entries()].slice(0, this.#masters.size - this.room);
    for (const [name] of oldest) this.#masters.delete(name);
    return oldest.flatMap(([, { record, named }]) => (named ? [] : [record]));
  }
}
