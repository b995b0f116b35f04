import type { SearchOutcome } from "./search/search-cost.js";
import { type DecodeJob, type Decoder, decodeRounds } from "./speculative-decoder.js";

/**
 * Decodes users together as the AtSpeed paper does, to compare with `decodeBatch`: the same lists,
 * for more calls and nodes.
 *
 * A call answers the prefixes of the last accepted step and all that is drafted below it. Steps are
 * accepted as long as every beam that the target keeps at one of them was drafted. The step that
 * fails is known all the same, as its beams follow from their parents; the answers at and below it
 * are thrown away, also where they are right, and the next draft begins there knowing nothing of
 * what the target thinks further down.
 *
 * That is `decodeBatch` with a search that forgets what is ahead of it after every call. A call that
 * asks the same prefix again is counted as often as it asks.
 *
 * @throws DecodingError where a scorer breaks its contract; whatever the scorers throw
 */
export function decodePublished(
  decoder: Decoder,
  jobs: readonly DecodeJob[],
): Promise<readonly SearchOutcome[]> {
  return decodeRounds(decoder, { jobs, afterCall: (search) => search.forgetAhead?.() });
}
