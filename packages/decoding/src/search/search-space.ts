import type { Exclusion, ReadonlyFloat64Array, Trie } from "@nightbeam/catalogue";
import type { Beams } from "./beams.js";

/**
 * How the log-probability of a code after a prefix is normalised.
 *
 * - `full`: log-softmax over the model's whole vocabulary, then only the catalogue's codes are
 *   considered. This is what `generate(prefix_allowed_tokens_fn=…)` of Hugging Face does.
 * - `renormalized`: log-softmax over the codes that the catalogue allows after the prefix, so that
 *   the probabilities of all items sum to 1, and a code without alternative costs nothing.
 */
export type Scoring = "full" | "renormalized";

/** What one user's search may enter: the catalogue's trie, less what is excluded for the user. */
export interface SearchSpace {
  readonly trie: Trie;
  readonly scoring: Scoring;
  readonly exclusion: Exclusion;
  /** What makes a prefix better than another. Default: the sum of its log-probabilities. */
  readonly ranking?: Ranking;
}

/**
 * Returns the log-probabilities (nats) of a prefix's children, in the trie's order; undefined if they
 * are unknown. Never called for a prefix whose next code is certain.
 */
export type Lookup = (prefix: number) => ReadonlyFloat64Array | undefined;

/**
 * A search's order of prefixes. It depends on log-probabilities and on its own fixed settings alone,
 * so that the search is deterministic and does not depend on what is known early.
 */
export interface Ranking {
  /** The empty prefix. */
  root(): Beams;
  /**
   * The `width` best children of `beams`. A beam that is unknown to `lookup` takes part only if its
   * next code is certain.
   */
  expand(space: SearchSpace, beams: Beams, options: { lookup: Lookup; width: number }): Beams;
}
