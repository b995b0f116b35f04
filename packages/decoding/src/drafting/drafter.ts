import type { ReadonlyInt32Array, ReadonlyUint32Array } from "@nightbeam/catalogue";
import type { Beams } from "../search/beams.js";
import type { Propose, SearchView } from "../search/search.js";

/** One user whose search waits for the target: what will it ask for next? */
export interface DraftRequest {
  /** The user's key, as in `ScoreRequest`. */
  readonly key: number;
  /** The user's name in the histories, for drafters that have lists by name. */
  readonly name?: string | undefined;
  /** Token ids of the prompt, for drafters that are models. Shape [tokens]. */
  readonly prompt: ReadonlyInt32Array;
  /** The user's items as catalogue indices, oldest first, for drafters that count items. */
  readonly history: ReadonlyUint32Array;
  /** The search, in state `asking`; the draft begins at its beams. */
  readonly search: SearchView;
  /**
   * Drafts a level as the search wants it drafted, which a relaxed search needs to know. Default: the
   * drafter proposes the prefixes that it believes the search will keep.
   */
  readonly propose?: Propose | undefined;
  /** Prefixes to propose at each depth: `widths[d - 1]` of depth d, 1 to levels - 1. 0 ends the draft there. */
  readonly widths: readonly number[];
}

/** The prefixes that a drafter proposes for one user. */
export interface Draft {
  /**
   * One entry per depth below the search's beams, shallowest first, each best first. Prefixes of the
   * last depth are never proposed: their scores come from their parents. If the request has a
   * `propose`, the levels are the objects that it returned; others count as not drafted.
   */
  readonly levels: readonly Beams[];
  /** Compute time of the draft, without waiting, if it was measured. Default: 0. */
  readonly milliseconds?: number;
}

/**
 * Guesses what the target's search will ask for. A draft decides only what is asked early: a bad one
 * costs time, and none can change a list, unless the list is relaxed.
 */
export interface Drafter {
  /** Returns the drafts in the order of the requests. */
  draft(requests: readonly DraftRequest[]): Promise<readonly Draft[]>;
  /** Drops what was kept for these users. */
  release(keys: readonly number[]): void;
}

/** Proposes nothing, which makes speculative decoding plain beam search. */
export const emptyDrafter: Drafter = {
  draft: (requests) => Promise.resolve(requests.map(() => ({ levels: [] }))),
  release: () => undefined,
};
