import type { Relation, Shot } from './relation';

export interface JudgedPair {
  readonly firstId: string;
  readonly secondId: string;
  readonly relation: Relation;
  readonly why: string;
}

/** Pictures that belong together, with the one to keep if only one is kept. Nothing is ever done with it but to show it. */
export interface ProposedGroup {
  readonly kind: Exclude<Relation, 'different'>;
  readonly bestAssetId: string;
  readonly why: string;
  readonly members: readonly { readonly assetId: string; readonly why: string }[];
}

/** Connects pairs of the same kind; an asset is in at most one group of each kind. Deterministic. */
export function groupPairs(pairs: readonly JudgedPair[], shots: ReadonlyMap<string, Shot>): ProposedGroup[] {
  return (['copy', 'burst', 'alike'] as const).flatMap((kind) => {
    const mine = pairs.filter(({ relation, firstId, secondId }) => relation === kind && shots.has(firstId) && shots.has(secondId));
    const parent = new Map<string, string>();
    const rootOf = (id: string): string => {
      let root = id;
      for (let up = parent.get(root); up !== undefined && up !== root; up = parent.get(root)) root = up;
      for (let at = id; at !== root; ) {
        const next = parent.get(at) ?? root;
        parent.set(at, root);
        at = next;
      }
      return root;
    };
    for (const { firstId, secondId } of mine) {
      const [one, other] = [rootOf(firstId), rootOf(secondId)].sort();
      parent.set(other ?? firstId, one ?? firstId);
      if (!parent.has(one ?? firstId)) parent.set(one ?? firstId, one ?? firstId);
    }
    const groups = new Map<string, string[]>();
    for (const id of [...parent.keys()].sort()) groups.set(rootOf(id), [...(groups.get(rootOf(id)) ?? []), id]);
    return [...groups.values()].map((ids) => propose(kind, ids.flatMap((id) => shots.get(id) ?? []), mine));
  });
}

function propose(kind: ProposedGroup['kind'], members: readonly Shot[], pairs: readonly JudgedPair[]): ProposedGroup {
  const best = members.reduce((a, b) => (preferred(kind, a, b).shot === b ? b : a));
  const others = members.filter(({ assetId }) => assetId !== best.assetId);
  const why = [...new Set(others.map((other) => preferred(kind, best, other).why))].join('; ');
  const reasonOf = (id: string): string => {
    const mine = pairs.filter(({ firstId, secondId }) => firstId === id || secondId === id);
    return (mine.find(({ firstId, secondId }) => firstId === best.assetId || secondId === best.assetId) ?? mine[0])?.why ?? '';
  };
  return { kind, bestAssetId: best.assetId, why, members: members.map(({ assetId }) => ({ assetId, why: assetId === best.assetId ? `best: ${why}` : reasonOf(assetId) })) };
}

/** The better of two, and why. Of a burst the sharpest; of copies the one that holds most: the whole asset, pixels, bytes. */
export function preferred(kind: ProposedGroup['kind'], a: Shot, b: Shot): { readonly shot: Shot; readonly why: string } {
  const rules: readonly (readonly [value: (shot: Shot) => number, why: (winner: Shot, loser: Shot) => string, margin: number])[] =
    kind === 'burst'
      ? [[({ sharpness }) => sharpness, (winner, loser) => `sharpest (${winner.sharpness} against ${loser.sharpness})`, 1.03]]
      : [
          [({ kind: of }) => (of === 'live_photo' || of === 'raw_jpeg' ? 1 : 0), (winner) => (winner.kind === 'live_photo' ? 'a Live Photo' : 'has its RAW'), 1],
          [({ width, height }) => width * height, (winner, loser) => `more pixels (${megapixels(winner)} against ${megapixels(loser)})`, 1.02],
          [({ takenAt }) => (takenAt === null ? 0 : 1), () => 'knows when it was taken', 1],
          [({ bytes }) => bytes, (winner, loser) => `less compressed (${kilobytes(winner)} against ${kilobytes(loser)})`, 1.02],
        ];
  for (const [value, why, margin] of rules) {
    const [one, other] = [value(a), value(b)];
    if (one > other * margin) return { shot: a, why: why(a, b) };
    if (other > one * margin) return { shot: b, why: why(b, a) };
  }
  return a.assetId <= b.assetId ? { shot: a, why: 'here first' } : { shot: b, why: 'here first' };
}

const megapixels = ({ width, height }: Shot): string => `${((width * height) / 1e6).toFixed(1)} MP`;
const kilobytes = ({ bytes }: Shot): string => `${Math.round(bytes / 1000)} KB`;
