import { setImmediate as nextTurn } from 'node:timers/promises';
import { PipelineError, toPipelineError } from '@media-pipeline/contracts';
import type { Library } from '@media-pipeline/files';
import type { AssetWithFiles, Fingerprint, LikenessRepository, MediaFile, SimilarPair } from '@media-pipeline/schema';
import { lookAtFile, type FileLook } from './look/file';
import { lookVersion } from './look/look';
import { compare, readSketch, turn, type Nearness, type Sketch } from './judge/compare';
import { groupPairs } from './judge/groups';
import { burstGapMs, relationOf, type Shot } from './judge/relation';
import { candidatesOf, readFingerprints, type Candidate, type LightFingerprint } from './search/candidates';

/** What the pass needs of the database. */
export interface LikenessData {
  readonly assets: { findMany(ids: readonly string[]): Promise<AssetWithFiles[]> };
  readonly likeness: LikenessRepository;
}

export interface PassOptions {
  readonly maxMegapixels: number;
  readonly signal?: AbortSignal;
  /** Asked before each picture: false ends the pass early, to be gone on with later. */
  readonly mayGoOn?: () => Promise<boolean> | boolean;
  readonly onLook?: (done: number, total: number) => void;
}

export interface PassResult {
  readonly looked: number;
  /** Files of which no picture could be made; they are not tried again. */
  readonly unreadable: number;
  readonly compared: number;
  readonly groups: number;
  /** False when it ended early. */
  readonly finished: boolean;
}

/**
 * Looks at what has no fingerprint yet, finds pairs that are near each other, compares them closely, proposes groups. Removes nothing,
 * moves nothing. Everything is written down as it goes: a pass that is cut short costs nothing but time.
 */
export class LikenessPass {
  constructor(
    private readonly database: LikenessData,
    private readonly library: Library,
  ) {}

  async run(options: PassOptions): Promise<PassResult> {
    const { looked, unreadable, finished } = await this.look(options);
    if (!finished) return { looked, unreadable, compared: 0, groups: 0, finished };
    const fingerprints = await readFingerprints(this.database.likeness, lookVersion);
    const known = await this.database.likeness.pairs();
    const verdicts = new Map(known.map((pair) => [`${pair.firstId}:${pair.secondId}`, pair]));
    const candidates = (await candidatesOf(fingerprints, { burstGapMs, ...(options.signal ? { signal: options.signal } : {}) })).filter(({ firstId, secondId }) => !verdicts.has(`${firstId}:${secondId}`));
    const shots = await this.shotsOf(fingerprints, [...known.filter(({ relation }) => relation !== 'different'), ...candidates]);
    let compared = 0;
    for (let at = 0; at < candidates.length; at += chunk) {
      if (options.signal?.aborted === true || (await options.mayGoOn?.()) === false) return { looked, unreadable, compared, groups: 0, finished: false };
      const judged = await this.judge(candidates.slice(at, at + chunk), shots);
      await this.database.likeness.savePairs(judged);
      for (const pair of judged) verdicts.set(`${pair.firstId}:${pair.secondId}`, pair);
      compared += judged.length;
    }
    const groups = groupPairs([...verdicts.values()], shots);
    await this.database.likeness.replaceGroups(groups);
    return { looked, unreadable, compared, groups: groups.length, finished: true };
  }

  private async look({ maxMegapixels, signal, mayGoOn, onLook }: PassOptions): Promise<{ looked: number; unreadable: number; finished: boolean }> {
    const { likeness, assets } = this.database;
    const total = await likeness.countMissing(lookVersion);
    let looked = 0;
    let unreadable = 0;
    for (;;) {
      const ids = await likeness.missing(lookVersion, pageSize);
      if (ids.length === 0) return { looked, unreadable, finished: true };
      for (const id of ids) {
        if (signal?.aborted === true || (await mayGoOn?.()) === false) return { looked, unreadable, finished: false };
        const [asset] = await assets.findMany([id]);
        const frames = asset ? await this.framesOf(asset, maxMegapixels) : [];
        if (frames.length === 0) return { looked, unreadable, finished: false };
        await likeness.save(frames);
        looked += 1;
        if (frames[0]?.problem !== null) unreadable += 1;
        onLook?.(looked, total);
      }
    }
  }

  private async framesOf(asset: AssetWithFiles, maxMegapixels: number): Promise<Fingerprint[]> {
    const file = asset.files.find(({ role }) => role === 'primary') ?? asset.files[0];
    if (!file) return [];
    const base = { fileId: file.id, assetId: asset.id, version: lookVersion };
    try {
      const look = await this.lookAt(file, asset.id, maxMegapixels);
      return look.frames.map((frame, index) => ({
        ...{ ...base, frame: index, ...frame, problem: frame.bits === null ? 'flat: nothing to tell it by' : null },
        ...{ width: look.width, height: look.height, durationMs: look.durationMs, takenAt: look.takenAt },
      }));
    } catch (thrown) {
      const error = toPipelineError(thrown);
      // Of the machine: the pass ends, the next one tries again. Of the file, or of a program that is not there: when somebody asks for it.
      if (error.kind === 'environment') throw error;
      const nothing = { bits: null, gradient: null, sketch: null, width: null, height: null, durationMs: null, takenAt: null, sharpness: null };
      return [{ ...base, ...nothing, frame: 0, problem: `${error.code}: ${error.message}` }];
    }
  }

  /** Where the file lies may change while it is looked for: it is asked for once more. */
  private async lookAt(file: MediaFile, assetId: string, maxMegapixels: number): Promise<FileLook> {
    const placeOf = ({ path, archivedPath }: MediaFile): string => this.library.absolute(archivedPath ?? path);
    try {
      return await lookAtFile(placeOf(file), { maxMegapixels });
    } catch (error) {
      if (!(error instanceof PipelineError) || error.code !== 'FILE_MISSING') throw error;
      const [asset] = await this.database.assets.findMany([assetId]);
      const again = asset?.files.find(({ id }) => id === file.id);
      if (!again || placeOf(again) === placeOf(file)) throw error;
      return lookAtFile(placeOf(again), { maxMegapixels });
    }
  }

  private async shotsOf(fingerprints: readonly LightFingerprint[], pairs: readonly Pick<Candidate, 'firstId' | 'secondId'>[]): Promise<Map<string, Shot>> {
    const wanted = new Set(pairs.flatMap(({ firstId, secondId }) => [firstId, secondId]));
    const light = new Map(fingerprints.filter(({ frame, assetId }) => frame === 0 || !wanted.has(assetId)).map((fingerprint) => [fingerprint.assetId, fingerprint]));
    const shots = new Map<string, Shot>();
    const ids = [...wanted].filter((id) => light.has(id));
    for (let at = 0; at < ids.length; at += pageSize) {
      for (const asset of await this.database.assets.findMany(ids.slice(at, at + pageSize))) {
        const print = light.get(asset.id);
        const file = asset.files.find(({ id }) => id === print?.fileId);
        if (!print || !file) continue;
        shots.set(asset.id, {
          ...{ assetId: asset.id, filename: file.filename, bytes: file.bytes, kind: asset.kind, width: print.width ?? 0, height: print.height ?? 0 },
          ...{ durationMs: print.durationMs, takenAt: print.takenAt, sharpness: print.sharpness ?? 0 },
        });
      }
    }
    return shots;
  }

  private async judge(candidates: readonly Candidate[], shots: ReadonlyMap<string, Shot>): Promise<SimilarPair[]> {
    const ids = [...new Set(candidates.flatMap(({ firstId, secondId }) => [firstId, secondId]))];
    const sketches = new Map<string, Map<number, Sketch>>();
    for (const { assetId, frame, sketch } of await this.database.likeness.sketches(ids, lookVersion)) {
      if (sketch === null) continue;
      sketches.set(assetId, (sketches.get(assetId) ?? new Map<number, Sketch>()).set(frame, await readSketch(sketch)));
    }
    const judged: SimilarPair[] = [];
    for (const { firstId, secondId, distance, quarters } of candidates) {
      const [first, second] = [shots.get(firstId), shots.get(secondId)];
      const nearness = nearnessOf(sketches.get(firstId), sketches.get(secondId), quarters);
      if (!first || !second || !nearness) continue;
      const { relation, why } = relationOf(first, second, nearness);
      judged.push({ firstId, secondId, relation, distance, structure: Math.round(nearness.structure * 1000), why: quarters === 0 ? why : `turned by ${quarters * 90}°, ${why}` });
      await nextTurn();
    }
    return judged;
  }
}

const pageSize = 200;
const chunk = 100;

/** Of all frames that both have; a video is as near as its frames are on the average. */
function nearnessOf(first: ReadonlyMap<number, Sketch> | undefined, second: ReadonlyMap<number, Sketch> | undefined, quarters: number): Nearness | null {
  if (!first || !second) return null;
  const all = [...first].flatMap(([frame, sketch]) => {
    const other = second.get(frame);
    return other ? [compare(sketch, turn(other, quarters))] : [];
  });
  const mean = (of: (nearness: Nearness) => number): number => all.reduce((sum, nearness) => sum + of(nearness), 0) / all.length;
  return all.length === 0 ? null : { structure: mean((n) => n.structure), unmarked: mean((n) => n.unmarked), worst: mean((n) => n.worst), colour: mean((n) => n.colour), overlap: mean((n) => n.overlap) };
}
