/** What tells two files with the same bytes apart: everything that is not in the bytes. */
export interface Circumstances {
  readonly filename: string;
  readonly modifiedMs: number | null;
  /** Files of the same photo beside it: the video of a Live Photo, the RAW, a sidecar. */
  readonly companions: number;
  /** How much the source knows of a photo: 2 iCloud, 1 a folder, 0 unknown. */
  readonly sourceRank: number;
  /** For a final word: a path, or an id. */
  readonly key: string;
}

export interface Preference {
  readonly better: 'first' | 'second';
  readonly why: string;
}

/** What file managers, phones and people add to the name of a copy. */
const copyMarks = [
  / ?\(\d+\)$/,
  /(?:^|[ _-])(?:copy|kopie|copie|copia|cópia)(?:[ _-]?\(?\d+\)?)?$/i,
  /^(?:copy|kopie|copie|copia|cópia) (?:\(\d+\) )?(?:of|von|de|di) /i,
  /~\d+$/,
];
const stemOf = (filename: string): string => filename.replace(/\.[^.]{1,8}$/, '');

/** Whether a name says of itself that the file is a copy: `IMG_1 (2).jpg`, `Copy of x.jpg`, `x - Copy.jpg`, `x~2.jpg`. */
export const namedAsCopy = (filename: string): boolean => copyMarks.some((mark) => mark.test(stemOf(filename)));

/** Names that cameras and phones give: `IMG_0042`, `DSC01234`, `PXL_20210503_…`, `20210503_120301`, `IMG-20210503-WA0001`. */
export const namedByCamera = (filename: string): boolean => /^(?:IMG|DSC|DSCN|DSCF|PXL|MVI|MOV|VID|GOPR|GX|GH|P|SAM|DJI|RAW)[_-]?\d{3,}|^_DSC\d{4}|^_MG_\d{4}|^\d{8}[_-]\d{6}/i.test(stemOf(filename));

/**
 * Which of two files with the same bytes stays: the one with its companions, the one whose source knows more, the one that is not named
 * as a copy, the one with the camera's own name, the older one, the first by key. Total and deterministic.
 */
export function preferred(first: Circumstances, second: Circumstances): Preference {
  const rules: readonly (readonly [of: (file: Circumstances) => number, why: string])[] = [
    [({ companions }) => companions, 'has the files that belong to it beside it'],
    [({ sourceRank }) => sourceRank, 'comes from a source that knows more of it'],
    [({ filename }) => (namedAsCopy(filename) ? 0 : 1), 'is not named as a copy'],
    [({ filename }) => (namedByCamera(filename) ? 1 : 0), 'has the name that the camera gave it'],
    // whole seconds: some file systems keep no more
    [({ modifiedMs }) => (modifiedMs === null ? -Infinity : -Math.floor(modifiedMs / 2000)), 'is older'],
  ];
  for (const [of, why] of rules) {
    const [one, other] = [of(first), of(second)];
    if (one !== other) return { better: one > other ? 'first' : 'second', why };
  }
  return { better: first.key <= second.key ? 'first' : 'second', why: 'is the first by name' };
}
