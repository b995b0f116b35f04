import type { Beams } from "../search/beams.js";
import type { Search } from "../search/search.js";
import type { Candidates } from "../verification/relaxed/step-distribution.js";

/** One user whose search waits for the target: what will it ask for next? */
export interface DraftRequest {
  /** The user's key, as in `ScoreRequest`. */
  readonly key: number;
  /** The user's name in the histories, for drafters that have lists by name. */
  readonly name?: string | undefined;
  /** Token ids of the prompt, for drafters that are models. Shape [tokens]. */
  readonly prompt: Int32Array;
  /** The user's items as catalogue indices, oldest first, for drafters that count items. */
  readonly history: Uint32Array;
  /** The search, in state `asking`; its beams are where the draft begins. */
  readonly search: Search;
  /** Prefixes to propose at each depth: `widths[d - 1]` of depth d, 1 to levels - 1. 0 ends the draft there. */
  readonly widths: readonly number[];
}

/**
 * The prefixes a drafter proposes, one entry for each depth below the search's beams, shallowest
 * first, each best first. Prefixes of the last depth are never proposed: their scores come from
 * their parents.
 */
export interface Draft {
  readonly levels: readonly DraftLevel[];
  /** Time that was worked on this draft, waiting not counted. */
  readonly milliseconds: number;
}

/** The prefixes of one depth. */
export interface DraftLevel extends Beams {
  /** What they were drawn from, where the search says how a level is proposed. */
  readonly drawnFrom?: Candidates;
}

/**
 * Guesses what the target's search will ask for. A draft decides only what is fetched early: a bad
 * one costs time, none can change a list, unless that is relaxed.
 */
export interface Drafter {
  /** Answers in the order of the requests. */
  draft(requests: readonly DraftRequest[]): Promise<readonly Draft[]>;
  /** Drops what was kept for these users. */
  release(keys: readonly number[]): void;
}

/** Proposes nothing: with it, the demand-driven loop is plain beam search. */
export const emptyDrafter: Drafter = {
  draft: (requests) => Promise.resolve(requests.map(() => ({ levels: [], milliseconds: 0 }))),
  release: () => undefined,
};
