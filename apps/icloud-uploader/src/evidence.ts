import { z } from 'zod';

/** What is written down before files leave: from here on they may be in iCloud, whatever happens. */
const HandedOff = z.object({ route: z.enum(['browser', 'http']), putAt: z.iso.datetime() });
export type HandedOff = z.infer<typeof HandedOff>;

/** What proves a delivery: a record of iCloud that has the content. */
export interface Proof {
  readonly recordName: string;
  readonly masterName: string;
  /** Of what iCloud has: of the file itself, unless it was converted. */
  readonly checksum: string;
  readonly bytes: number;
  readonly state: 'there' | 'hidden';
  /** Null: it was there before. */
  readonly route: 'browser' | 'http' | null;
  /** ISO 8601. */
  readonly seenAt: string;
  /** What the file was turned into because iCloud did not take it as it is. */
  readonly converted?: string;
}

export const writeEvidence = (evidence: HandedOff | Proof): string => JSON.stringify(evidence);

/** When a delivery was handed over whose end is not known; null for one that was not. */
export function putAtOf({ state, evidence }: { readonly state: string; readonly evidence: string | null }): Date | null {
  if (state !== 'handed_off' || evidence === null) return null;
  try {
    return new Date(HandedOff.parse(JSON.parse(evidence)).putAt);
  } catch {
    // Handed over by something else: long enough ago to be seen, or now.
    return new Date();
  }
}
