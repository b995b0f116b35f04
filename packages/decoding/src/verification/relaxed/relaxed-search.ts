import { ROOT } from "@nightbeam/catalogue";
import type { Draft, DraftLevel } from "../../drafting/drafter.js";
import { wholeNumber } from "../../options.js";
import { type Beams, BestPrefixes, rootBeams } from "../../search/beams.js";
import { expandBeams, unknownPrefixes } from "../../search/expand.js";
import { KnownRows } from "../../search/known-rows.js";
import type { Search, SearchState } from "../../search/search.js";
import type { Lookup, SearchSpace } from "../../search/search-space.js";
import { foldWord, type NoiseKey } from "../noise/noise.js";
import { beamsAt, bestFirst, drawPlaces } from "./draw.js";
import { type Candidates, candidatesOf } from "./step-distribution.js";
import { verifyStep } from "./verify-step.js";

export interface RelaxedOptions {
  /** K: sequences that a step keeps. */
  readonly beamWidth: number;
  /** Divides the scores of sequences before softmax. */
  readonly temperature: number;
  /** sampled: drafts are drawn from q; beam: they are the best of q. */
  readonly drafted: "sampled" | "beam";
  /** The user's. */
  readonly noise: NoiseKey;
}

/** What noise is drawn for, besides what `verifyStep` draws. */
const DRAFT = 4;
const TARGET = 5;

/**
 * Decoding by sampling, with the AtSpeed paper's relaxed verification. At each step K sequences are
 * drawn without replacement from softmax(score / temperature) over all children of the beams, where
 * drafted ones are taken as `verifyStep` says: approximately the target's distribution, and the draft
 * has a say in it. A step that was not drafted is drawn from the target alone.
 *
 * All that is drawn depends on the user's noise, on how often the target was called for the user, and
 * on the sequences, so that batches and machines do not matter; drafts and their widths do.
 *
 * As in every search, what was learnt stays known: a step that was refused costs a call only where
 * nobody asked about its sequences before.
 */
export class RelaxedSearch implements Search {
  readonly space: SearchSpace;
  readonly beamWidth: number;
  readonly #options: RelaxedOptions;
  readonly #known: KnownRows;
  #round = 0;
  #state: SearchState;

  /** @throws DecodingError BAD_OPTION where the beam width is not a whole number above 0. */
  constructor(space: SearchSpace, options: RelaxedOptions) {
    this.space = space;
    this.#known = new KnownRows(space);
    this.beamWidth = wholeNumber(options.beamWidth, { name: "beam width", min: 1 });
    this.#options = options;
    const beams = space.exclusion.isDead(ROOT) ? new BestPrefixes(0).drain(0) : rootBeams();
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

  advance(draft?: Draft): SearchState {
    this.#state = this.#settle(draft);
    this.#round++;
    return this.#state;
  }

  /** Draws `width` children without replacement from q, or takes q's best, as the options say. */
  readonly propose = (beams: Beams, options: { lookup: Lookup; width: number }): DraftLevel => {
    const drawnFrom = this.#candidates(beams, options.lookup);
    const level =
      this.#options.drafted === "beam"
        ? expandBeams(this.space, beams, options)
        : this.#draw(drawnFrom, { size: options.width, purpose: DRAFT });
    return { ...level, drawnFrom };
  };

  #settle(draft: Draft | undefined): SearchState {
    const { space, beamWidth: size } = this;
    const { trie } = space;
    const lookup = this.#known.get;
    const levels = draft?.levels.values();
    let { beams } = this.#state;
    for (let drafted = true; ; ) {
      if (beams.depth === trie.levels || beams.prefixes.length === 0)
        return { kind: "done", beams };
      const missing = unknownPrefixes(space, beams, lookup);
      if (missing.length > 0) return { kind: "asking", beams, missing };
      const target = this.#candidates(beams, lookup);
      const level = drafted ? levels?.next().value : undefined;
      if (level?.drawnFrom === undefined) {
        drafted = false;
        beams = bestFirst(this.#draw(target, { size, purpose: TARGET }));
      } else {
        const { prefixes, drawnFrom } = level;
        const noise = this.#noise(target.depth);
        const step = verifyStep(target, { prefixes, drawnFrom }, { trie, size, noise });
        drafted = step.accepted;
        beams = bestFirst(step.beams);
      }
    }
  }

  #candidates(beams: Beams, lookup: Lookup): Candidates {
    return candidatesOf(this.space, beams, { lookup, temperature: this.#options.temperature });
  }

  #draw(candidates: Candidates, { size, purpose }: { size: number; purpose: number }): Beams {
    const { trie } = this.space;
    const { logChances: logWeights } = candidates;
    const noise = foldWord(this.#noise(candidates.depth), purpose);
    return beamsAt(candidates, drawPlaces({ trie, candidates, logWeights, size, noise }));
  }

  /** Of a step in this round. */
  #noise(depth: number): NoiseKey {
    return foldWord(foldWord(this.#options.noise, this.#round), depth);
  }
}
