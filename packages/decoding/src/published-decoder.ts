import type { BatchDecoder } from "./batch-decoder.js";
import { roundsDecoder, type SpeculativeOptions } from "./speculative-decoder.js";

/**
 * Decodes in the loop that the AtSpeed paper describes, to compare with `speculativeDecoder`: the same
 * lists and questions, for more calls and nodes.
 *
 * A call answers the prefixes of the last accepted step and all that is drafted below it. Steps are
 * accepted as long as every beam that the target keeps was drafted. The first step that fails is known
 * all the same, as its beams follow from their parents; the answers at and below it are thrown away,
 * even if they are right, and the next draft begins there without the target's log-probabilities below.
 *
 * It is the same loop with a search that forgets what is ahead of it after every call. A call that
 * asks about the same prefix again is counted again. A relaxed search forgets nothing, as its draws
 * depend on the number of calls: relaxed lists cost here what they cost in `speculativeDecoder`.
 *
 * @throws DecodingError as `speculativeDecoder` does
 */
export function publishedDecoder(options: SpeculativeOptions): BatchDecoder {
  return roundsDecoder(options, { afterRound: (search) => search.forgetAhead?.() });
}
