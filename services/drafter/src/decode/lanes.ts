/** More batches of a shard under way than this only queue up before the verifiers. */
export const MAX_LANES = 16;

/** Beside the batches that verifiers have: one that is drafted, one that is searched. */
const OWN_BATCHES = 2;
const FEWEST_LANES = 3;

/**
 * Batches of a shard that are under way at once, so that neither this node nor a verifier waits for
 * the other. Over all shards of the drafter there are `shardsAtOnce` times as many.
 */
export function lanesFor(options: { chosen: number | undefined; verifiers: number }): number {
  const { chosen, verifiers } = options;
  return Math.min(MAX_LANES, chosen ?? Math.max(FEWEST_LANES, OWN_BATCHES + verifiers));
}

/**
 * How many shards' worth of calls a draft must be ready to hold, so that it never refuses one: its
 * places are counted in shards of `batchesAtOnce` batches.
 */
export function draftPlaces(options: { shardsAtOnce: number; batchesAtOnce: number }): number {
  // Shards that were stopped may still finish a call when the next ones begin.
  return Math.ceil((2 * options.shardsAtOnce * MAX_LANES) / options.batchesAtOnce);
}
