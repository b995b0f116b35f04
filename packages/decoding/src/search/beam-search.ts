import { ROOT } from "@nightbeam/catalogue";
import { type BeamWidth, checkedBeamWidth, widthAt } from "./beam-width.js";
import { type Beams, BestPrefixes } from "./beams.js";
import { expandBeams, rootOf, unknownPrefixes } from "./expand.js";
import { KnownRows } from "./known-rows.js";
import type { Search, SearchState } from "./search.js";
import type { SearchSpace } from "./search-space.js";

/**
 * The target's own beam search for one user, run as far as the known log-probabilities reach
 * (demand-driven beam search). If the space has a ranking, it is the search that keeps the best
 * prefixes of each level by that ranking.
 *
 * The result depends only on the target's log-probabilities. What is learnt early, because a draft
 * guessed that it would be asked for, can save a call and can never change the result.
 */
export class BeamSearch implements Search {
  readonly space: SearchSpace;
  readonly beamWidth: BeamWidth;
  readonly #onLevel: ((beams: Beams) => void) | undefined;
  readonly #known: KnownRows;
  #state: SearchState;

  /**
   * @param options onLevel: called with the prefixes that are kept at each level, the root included
   * @throws DecodingError BAD_OPTION if a beam width is not a whole number above 0, or there is not one per level.
   */
  constructor(
    space: SearchSpace,
    options: { beamWidth: BeamWidth; onLevel?: ((beams: Beams) => void) | undefined },
  ) {
    this.space = space;
    this.#known = new KnownRows(space);
    this.beamWidth = checkedBeamWidth(options.beamWidth, space.trie.levels);
    this.#onLevel = options.onLevel;
    // If everything is excluded there is nothing to ask: the list is empty from the beginning.
    const beams = space.exclusion.isDead(ROOT) ? new BestPrefixes(0).drain(0) : rootOf(space);
    this.#onLevel?.(beams);
    this.#state = { kind: "asking", beams, missing: [] };
    this.advance();
  }

  get state(): SearchState {
    return this.#state;
  }

  known(prefix: number): Float64Array | undefined {
    return this.#known.get(prefix);
  }

  learn(prefix: number, logProbs: Float64Array): void {
    this.#known.learn(prefix, logProbs);
  }

  /** Forgets what has been learnt at and below the current beams. */
  forgetAhead(): void {
    const first = this.space.trie.levelStart[this.#state.beams.depth] ?? 0;
    this.#known.forgetFrom(first);
    this.advance();
  }

  advance(): SearchState {
    let { beams } = this.#state;
    const lookup = this.#known.get;
    for (;;) {
      if (beams.depth === this.space.trie.levels || beams.prefixes.length === 0) {
        this.#state = { kind: "done", beams };
        return this.#state;
      }
      const missing = unknownPrefixes(this.space, beams, lookup);
      if (missing.length > 0) {
        this.#state = { kind: "asking", beams, missing };
        return this.#state;
      }
      const width = widthAt(this.beamWidth, beams.depth + 1);
      beams = expandBeams(this.space, beams, { lookup, width });
      this.#onLevel?.(beams);
    }
  }
}
