import { posix } from 'node:path';
import { namedAsCopy, preferred, type Circumstances } from './survivor';
import type { SweptFile } from './sweep.worker';

/** Files that are one photo to a person: a Live Photo's two, RAW and JPEG, a picture with its sidecars. They stay or go together. */
export interface Unit {
  readonly files: readonly SweptFile[];
}

export interface Finding {
  /** `duplicate`: every file of it is in `survivor` · `overlap`: only some are, nothing is to be done. */
  readonly kind: 'duplicate' | 'overlap';
  readonly unit: Unit;
  readonly survivor: Unit;
  /** For each file of the unit that is there: which file of the survivor has its bytes. */
  readonly pairs: readonly { readonly file: SweptFile; readonly same: SweptFile }[];
  readonly why: string;
}

/** `folder/stem` without what a sidecar or an iCloud downloader adds (`IMG_1.jpg.xmp`, `IMG_1_HEVC.MOV`). */
function unitKey(path: string): string {
  const folder = posix.dirname(path);
  const name = posix.basename(path);
  const stem = name.replace(/\.(?:xmp|aae|json)$/i, '').replace(/\.[^.]{1,8}$/, '');
  return `${folder}/${stem.replace(/_hevc$/i, '').normalize('NFC').toLowerCase()}`;
}

/**
 * What a sweep means for whole photos. A unit is a duplicate only when all its files have the same bytes as files of one other unit
 * that stays; so of two pairs one stays whole, and half a pair never takes the place of a pair.
 * @param sets files with the same bytes
 * @param companionsOf all files that lie beside a file under the same name, itself included: a file that is in no set makes its unit one that stays
 */
export function judgeUnits(sets: readonly (readonly SweptFile[])[], companionsOf: (path: string) => readonly SweptFile[], isFixed: (path: string) => boolean = () => false): Finding[] {
  const setOf = new Map<string, number>();
  sets.forEach((set, index) => set.forEach(({ path }) => setOf.set(path, index)));
  const units = new Map<string, Unit>();
  const keyOf = new Map<string, string>();
  for (const { path } of sets.flat()) {
    const key = unitKey(path);
    keyOf.set(path, key);
    if (!units.has(key)) units.set(key, { files: companionsOf(path) });
  }
  const inSet = sets.map((set) => [...new Set(set.map(({ path }) => keyOf.get(path) ?? ''))]);
  const gone = new Set<string>();
  const findings: Finding[] = [];
  // The least preferred first, so that the most preferred stays; what stays for another is never given up later.
  const needed = new Set<string>();
  const order = [...units.keys()].sort((a, b) => (better(units.get(a), units.get(b), isFixed) ? 1 : -1));
  for (const key of order) {
    const unit = units.get(key);
    if (!unit || needed.has(key) || unit.files.some(({ path }) => isFixed(path))) continue;
    const partners = new Set(unit.files.flatMap(({ path }) => inSet[setOf.get(path) ?? -1] ?? []));
    partners.delete(key);
    const rivals = [...partners].filter((other) => !gone.has(other));
    const covering = rivals.filter((other) => covers(units.get(other), unit, setOf));
    const [first] = covering.sort((a, b) => (better(units.get(a), units.get(b), isFixed) ? -1 : 1));
    const survivor = first === undefined ? undefined : units.get(first);
    if (first !== undefined && survivor) {
      gone.add(key);
      needed.add(first);
      findings.push({ kind: 'duplicate', unit, survivor, pairs: pairsOf(unit, survivor, setOf), why: whyOf(survivor, unit, isFixed) });
      continue;
    }
    const [partial] = rivals;
    const other = partial === undefined ? undefined : units.get(partial);
    // said once, by the larger of the two
    if (other && !covers(unit, other, setOf)) findings.push({ kind: 'overlap', unit, survivor: other, pairs: pairsOf(unit, other, setOf), why: 'only some of its files are there; it is kept whole' });
  }
  return findings;
}

const covers = (large: Unit | undefined, small: Unit, setOf: ReadonlyMap<string, number>): boolean => {
  const there = new Set(large?.files.flatMap(({ path }) => setOf.get(path) ?? []));
  return small.files.every(({ path }) => there.has(setOf.get(path) ?? -1));
};

const pairsOf = (unit: Unit, other: Unit, setOf: ReadonlyMap<string, number>): Finding['pairs'] =>
  unit.files.flatMap((file) => {
    const set = setOf.get(file.path);
    const same = set === undefined ? undefined : other.files.find(({ path }) => setOf.get(path) === set);
    return same ? [{ file, same }] : [];
  });

function circumstancesOf({ files }: Unit): Circumstances {
  const main = files.reduce<SweptFile | undefined>((a, b) => (a && a.bytes >= b.bytes ? a : b), undefined);
  const names = files.map(({ path }) => posix.basename(path));
  return {
    filename: names.find(namedAsCopy) ?? posix.basename(main?.path ?? ''),
    modifiedMs: main?.modifiedMs ?? null,
    companions: files.length,
    sourceRank: 1,
    key: main?.path ?? '',
  };
}

function better(a: Unit | undefined, b: Unit | undefined, isFixed: (path: string) => boolean): boolean {
  if (!a || !b) return a !== undefined;
  const [one, other] = [a, b].map(({ files }) => files.some(({ path }) => isFixed(path)));
  if (one !== other) return one === true;
  return preferred(circumstancesOf(a), circumstancesOf(b)).better === 'first';
}

const whyOf = (survivor: Unit, unit: Unit, isFixed: (path: string) => boolean): string => {
  if (survivor.files.some(({ path }) => isFixed(path))) return 'is in the library already';
  const { better: which, why } = preferred(circumstancesOf(survivor), circumstancesOf(unit));
  return which === 'first' ? why : 'has all its files';
};
