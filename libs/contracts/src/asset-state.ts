
/**
 * Where an asset is. Each state but the last ones is what one stage takes in:
 * arriving → discovered → unique → compressed → bridged → verified → sorted.
 */
export const assetStates = [
  'arriving', // its files are being copied into originals/ (ingest)
  'discovered', // every byte is here and hashed (dedupe takes it)
  'unique', // its content is not here a second time (compressor takes it)
  'compressed', // its renditions are made, or the original is passed on (bridge takes it)
  'bridged', // it lies in a sealed batch of each wanted destination (uploaders, then verifier)
  'verified', // every wanted destination is proven (sorter takes it)
  'sorted', // end: the archive has it, bit-identical
  'completed', // end: the same, with sorting switched off
  'duplicate', // end: its content is already here
  'set_aside', // end: the input is bad; kept untouched, with a code and a reason
  'failed', // end until somebody acts: something of ours or of the machine went wrong
] as const;
export type AssetState = (typeof assetStates)[number];

export const terminalStates: readonly AssetState[] = ['sorted', 'completed', 'duplicate', 'set_aside', 'failed'];
export const isTerminal = (state: AssetState): boolean => terminalStates.includes(state);

const transitions: Readonly<Record<AssetState, readonly AssetState[]>> = {
  arriving: ['discovered', 'set_aside', 'failed'],
  discovered: ['unique', 'duplicate', 'set_aside', 'failed'],
  unique: ['compressed', 'set_aside', 'failed'],
  compressed: ['bridged', 'set_aside', 'failed'],
  bridged: ['verified', 'set_aside', 'failed'],
  verified: ['sorted', 'completed', 'set_aside', 'failed'],
  sorted: [],
  completed: [],
  // a person wants both
  duplicate: ['unique'],
  // a person asked for another try: back to where it was
  set_aside: ['arriving', 'discovered', 'unique', 'compressed', 'bridged', 'verified'],
  failed: ['arriving', 'discovered', 'unique', 'compressed', 'bridged', 'verified'],
};

/** Whether an asset may go from one state to the other in one step. */
export const canMove = (from: AssetState, to: AssetState): boolean => transitions[from].includes(to);

/** Whether `state` lies behind `reference` on the main road, so that a message that asks for `reference` finds its work done. */
export function isPast(state: AssetState, reference: AssetState): boolean {
  return assetStates.indexOf(state) > assetStates.indexOf(reference);
}


/**
 * How a message that asks for `reference` (the state its stage takes in) stands to an asset that is in `state`:
 * `due` the work is to be done · `past` it was done before, say the next thing again · `ended` the asset has ended another way ·
 * `early` the asset is not there yet (a message written by hand, or one older than the database).
 */
export function standing(state: AssetState, reference: AssetState): 'due' | 'past' | 'ended' | 'early' {
  if (state === reference) return 'due';
  if (state === 'duplicate' || state === 'set_aside' || state === 'failed') return 'ended';
  return isPast(state, reference) ? 'past' : 'early';
}
