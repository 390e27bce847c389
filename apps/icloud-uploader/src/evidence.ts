import { z } from 'zod';
import { SentConversion, type Conversion } from './conversion';
import type { RouteFailure } from './upload-route.port';

/** Contents that the file was handed over as: each may be in iCloud, and is looked for before anything is sent again. */
const conversions = z.array(SentConversion).readonly().optional();

/** What is written down before files leave: from here on they may be in iCloud, whatever happens. */
const HandedOff = z.object({
  route: z.enum(['browser', 'http']),
  /** Null: the file itself was refused, and left as a conversion. */
  putAt: z.iso.datetime().nullable(),
  conversions,
});

/** What proves a delivery: a record of iCloud that has the content. */
interface Proof {
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
  readonly converted?: Pick<Conversion, 'into' | 'name' | 'sha256'>;
}

type Failure = RouteFailure & { readonly conversions?: readonly SentConversion[] | undefined };

export const writeEvidence = (evidence: z.infer<typeof HandedOff> | Proof | Failure): string => JSON.stringify(evidence);

interface Recorded {
  readonly state: string;
  readonly evidence: string | null;
}

/** When a delivery was handed over whose end is not known; null for one that was not. */
export function putAtOf({ state, evidence }: Recorded): Date | null {
  if (state !== 'handed_off' || evidence === null) return null;
  try {
    const { putAt } = HandedOff.parse(JSON.parse(evidence));
    return putAt === null ? null : new Date(putAt);
  } catch {
    // Handed over by something else: long enough ago to be seen, or now.
    return new Date();
  }
}

/** What a delivery was handed over as, beside itself; also one that has failed since. */
export function conversionsOf({ evidence }: Pick<Recorded, 'evidence'>): readonly SentConversion[] {
  try {
    return z.object({ conversions }).parse(JSON.parse(evidence ?? '{}')).conversions ?? [];
  } catch {
    return [];
  }
}
