import type { Beams, ReadonlyFloats } from "./beams.js";
import { needsLookup } from "./scoring.js";
import type { Lookup, SearchSpace } from "./search-space.js";

/**
 * Where a search stands: it needs to know what follows some prefixes of its current beams, or it
 * has the user's code paths.
 */
export type SearchState =
  | { readonly kind: "asking"; readonly beams: Beams; readonly missing: readonly number[] }
  | { readonly kind: "done"; readonly beams: Beams };

/**
 * What a drafter sees of a search. It can be read and not changed: a draft has no other effect than
 * what is asked early.
 */
export interface SearchView {
  readonly space: SearchSpace;
  readonly beamWidth: number;
  readonly state: SearchState;
  /** The target's log-probabilities (nats) of a prefix's children, once learnt. Shape [children]. */
  known(prefix: number): ReadonlyFloats | undefined;
  /** How a level is to be drafted. Default: the prefixes that the search would keep. */
  readonly propose?: Propose;
}

/**
 * Proposes `width` children of what has been proposed so far. The search recognises the object that
 * is returned when it comes back as a level of the draft; a copy counts as not drafted.
 */
export type Propose = (beams: Beams, options: { lookup: Lookup; width: number }) => Beams;

/**
 * One user's search, run as far as the known log-probabilities of the target reach. It moves
 * `asking -> asking -> … -> done`; `advance` is the only transition.
 */
export interface Search extends SearchView {
  /**
   * Stores the target's log-probabilities (nats) of a prefix's children. Shape [children].
   *
   * @throws DecodingError ANSWER_SIZE, NOT_A_NUMBER
   */
  learn(prefix: number, logProbs: Float64Array): void;
  /**
   * Runs on, as far as what has been learnt reaches.
   *
   * @param drafted the levels drafted since the last call; only a relaxed search takes them into account
   */
  advance(drafted?: readonly Beams[]): SearchState;
  /** Forgets what was learnt ahead of the beams. Default: such knowledge has no effect anyway. */
  forgetAhead?(): void;
}

/** Whether the search could come to ask about a prefix, whatever proposed it. */
export function isWorthAsking(search: SearchView, prefix: number): boolean {
  const { trie, exclusion } = search.space;
  return (
    prefix < (trie.levelStart[trie.levels] ?? 0) &&
    search.known(prefix) === undefined &&
    !exclusion.isDead(prefix) &&
    needsLookup(search.space, prefix)
  );
}
