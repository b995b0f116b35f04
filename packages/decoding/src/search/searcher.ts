import type { ReadonlyInt32Array, ReadonlyUint32Array } from "@nightbeam/catalogue";
import type { Beams } from "./beams.js";

/** What a model that runs whole searches is asked about one user. */
export interface SearchRequest {
  /** Unique among the requests of a call; nothing is kept under it. */
  readonly key: number;
  /** Token ids, at least one. Shape [tokens]. */
  readonly prompt: ReadonlyInt32Array;
  /** Leaves of the trie that the user must not get, ascending. Shape [closed]. */
  readonly closed: ReadonlyUint32Array;
  /**
   * Prefixes that a draft expects the search to keep, ascending: neither the root nor leaves, and with
   * each prefix all shorter ones of it. Default: none.
   */
  readonly drafted?: ReadonlyUint32Array;
}

/** One user's finished search. */
export interface SearchAnswer {
  /** Leaves, best first; fewer than the beam width if the catalogue or the exclusions leave fewer. */
  readonly beams: Beams;
  /** Levels, the first one not counted, whose beams had all been drafted: no more was computed for them. */
  readonly draftedLevels: number;
  /** Prefixes whose children the model scored, the empty prefix not counted. */
  readonly nodes: number;
  /** Prompt tokens and nodes that the model computed for this answer. */
  readonly tokens: number;
  /** Compute time of the model: an even share of its call, without waiting. */
  readonly milliseconds: number;
}

/**
 * A target that runs a user's whole beam search itself, such as on a GPU, where every round of
 * questions and answers costs more than the search. Its lists are those of `BeamSearch` over the same
 * log-probabilities: the best leaves, equal scores by code path.
 */
export interface Searcher {
  /**
   * Runs the searches together; the answers are in the order of the requests. An answer depends on its
   * prompt, its closed leaves and the beam width alone: neither on what was drafted nor on the other
   * requests of the call.
   */
  search(
    requests: readonly SearchRequest[],
    options: { beamWidth: number },
  ): Promise<readonly SearchAnswer[]>;
}
