import type { ReadonlyFloat64Array } from "@nightbeam/catalogue";
import type { BeamWidth } from "./beam-width.js";
import type { Beams } from "./beams.js";
import { needsLookup } from "./scoring.js";
import type { Lookup, SearchSpace } from "./search-space.js";

/**
 * The state of a search: it needs to know what follows some prefixes of its current beams, or it
 * has the user's code paths.
 */
export type SearchState =
  | { readonly kind: "asking"; readonly beams: Beams; readonly missing: readonly number[] }
  | { readonly kind: "done"; readonly beams: Beams };

/**
 * What a drafter sees of a search, which it can read and not change: a draft has no other effect than
 * what is asked early. The arrays are the search's own, read-only by type and not copied: a cast, or
 * JavaScript, can still write to them.
 */
export interface SearchView {
  readonly space: SearchSpace;
  /** See `widthAt`. */
  readonly beamWidth: BeamWidth;
  readonly state: SearchState;
  /** The target's log-probabilities (nats) of a prefix's children, once learnt. Shape [children]. */
  known(prefix: number): ReadonlyFloat64Array | undefined;
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
  /** How levels are drafted for this search; see `DraftRequest`. */
  readonly propose?: Propose;
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
  /**
   * Forgets what was learnt ahead of the beams, so that it has to be asked for again. A search without
   * it keeps what it has learnt: a relaxed one, as more calls would change what is drawn.
   */
  forgetAhead?(): void;
}

/** A search as drafters see it, at its present state. */
export function viewOf(search: Search): SearchView {
  const { space, beamWidth, state } = search;
  return { space, beamWidth, state, known: (prefix) => search.known(prefix) };
}

/** Whether the search may ask about this prefix at some point. */
export function isWorthAsking(search: SearchView, prefix: number): boolean {
  const { trie, exclusion } = search.space;
  return (
    prefix < (trie.levelStart[trie.levels] ?? 0) &&
    search.known(prefix) === undefined &&
    !exclusion.isDead(prefix) &&
    needsLookup(search.space, prefix)
  );
}
