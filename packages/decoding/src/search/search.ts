import type { Draft, DraftLevel } from "../drafting/drafter.js";
import type { Beams } from "./beams.js";
import type { Lookup, SearchSpace } from "./search-space.js";

/**
 * Where a search stands: it needs to know what follows some prefixes of its current beams, or it
 * has the user's code paths.
 */
export type SearchState =
  | { readonly kind: "asking"; readonly beams: Beams; readonly missing: readonly number[] }
  | { readonly kind: "done"; readonly beams: Beams };

/**
 * What decides one user's list, run as far as what is known about the target reaches. It moves
 * `asking -> asking -> … -> done`; `advance` is the only transition.
 */
export interface Search {
  readonly space: SearchSpace;
  readonly beamWidth: number;
  readonly state: SearchState;
  /** The target's log-probabilities after a prefix, where they have been learnt. */
  known(prefix: number): Float64Array | undefined;
  /**
   * Stores the target's log-probabilities of a prefix's children. Shape [children of the prefix].
   *
   * @throws DecodingError ANSWER_SIZE, NOT_A_NUMBER
   */
  learn(prefix: number, logProbs: Float64Array): void;
  /**
   * Runs on, as far as what has been learnt reaches.
   *
   * @param draft what was drafted since the last time; decides nothing but in a relaxed search
   */
  advance(draft?: Draft): SearchState;
  /** Forgets what was learnt ahead of its beams. Absent: it goes by what it was asked for alone. */
  forgetAhead?(): void;
  /** Drafts a level, where it matters how that is done; absent: what the search would keep is best. */
  readonly propose?: Propose;
}

/** `width` children of what was proposed so far. */
export type Propose = (beams: Beams, options: { lookup: Lookup; width: number }) => DraftLevel;
