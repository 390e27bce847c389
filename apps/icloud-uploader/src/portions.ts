import type { Outgoing } from './upload-route.port';

/**
 * Parts of at most so many files that go together, in their order. None has two files of one name, for a page tells of files by their names; nor
 * two of one content, for the second one is only known to be there when iCloud shows the first.
 */
export function portions<T extends Pick<Outgoing, 'name' | 'checksum'>>(files: readonly T[], most: number): T[][] {
  const found: { readonly files: T[]; readonly taken: Set<string> }[] = [];
  for (const file of files) {
    const marks = [`name ${file.name.toLowerCase()}`, `content ${file.checksum}`];
    let portion = found.find(({ files: { length }, taken }) => length < most && !marks.some((mark) => taken.has(mark)));
    if (!portion) found.push((portion = { files: [], taken: new Set() }));
    portion.files.push(file);
    for (const mark of marks) portion.taken.add(mark);
  }
  return found.map(({ files: together }) => together);
}
