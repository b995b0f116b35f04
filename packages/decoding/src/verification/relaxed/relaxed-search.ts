import { ROOT } from "@nightbeam/catalogue";
import { wholeNumber } from "../../errors.js";
import { type Beams, BestPrefixes, rootBeams } from "../../search/beams.js";
import { expandBeams, unknownPrefixes } from "../../search/expand.js";
import { KnownRows } from "../../search/known-rows.js";
import type { Search, SearchState } from "../../search/search.js";
import type { Lookup, SearchSpace } from "../../search/search-space.js";
import { foldWord, type NoiseKey } from "../noise/noise.js";
import { beamsAt, bestFirst, drawPlaces } from "./draw.js";
import { type StepDistribution, stepDistribution } from "./step-distribution.js";
import { verifyStep } from "./verify-step.js";

export interface RelaxedOptions {
  /** K: sequences that a step keeps. */
  readonly beamWidth: number;
  /** Divides the scores of sequences before softmax. */
  readonly temperature: number;
  /** sampled: drafts are drawn from q; beam: they are the best of q. */
  readonly drafted: "sampled" | "beam";
  /** The user's own. */
  readonly noise: NoiseKey;
  /** Called with the prefixes that are kept at each level, the root included. */
  readonly onLevel?: ((beams: Beams) => void) | undefined;
}

/** The draws besides those of `verifyStep`, each with its own noise. */
const DRAFT = 4;
const TARGET = 5;

/**
 * Decoding by sampling, with the AtSpeed paper's relaxed verification. At each step K sequences are
 * drawn without replacement from softmax(score / temperature) over all children of the beams, and
 * drafted ones are preferred (`verifyStep`): approximately the target's distribution, influenced by the
 * draft. A step that was not drafted is drawn from the target alone.
 *
 * The draws depend on the user's noise, on the number of calls made for the user, and on the sequences:
 * batches and machines do not matter; drafts and their widths do.
 *
 * As in every search, what was learnt stays known: a rejected step costs a call only if its sequences
 * have not been asked about before.
 */
export class RelaxedSearch implements Search {
  readonly space: SearchSpace;
  readonly beamWidth: number;
  readonly #options: RelaxedOptions;
  readonly #known: KnownRows;
  /** The distributions that levels were drawn from. A level that is not in here counts as not drafted. */
  readonly #drawnFrom = new WeakMap<Beams, StepDistribution>();
  #round = 0;
  #state: SearchState;

  /** @throws DecodingError BAD_OPTION if the beam width is not a whole number above 0. */
  constructor(space: SearchSpace, options: RelaxedOptions) {
    this.space = space;
    this.#known = new KnownRows(space);
    this.beamWidth = wholeNumber(options.beamWidth, { name: "beam width", min: 1 });
    this.#options = options;
    const beams = space.exclusion.isDead(ROOT) ? new BestPrefixes(0).drain(0) : rootBeams();
    options.onLevel?.(beams);
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

  advance(drafted: readonly Beams[] = []): SearchState {
    this.#state = this.#settle(drafted);
    this.#round++;
    return this.#state;
  }

  /** Draws `width` children without replacement from q, or takes q's best, as the options say. */
  readonly propose = (beams: Beams, options: { lookup: Lookup; width: number }): Beams => {
    const drawnFrom = this.#distribution(beams, options.lookup);
    const level =
      this.#options.drafted === "beam"
        ? expandBeams(this.space, beams, options)
        : this.#draw(drawnFrom, { size: options.width, purpose: DRAFT });
    this.#drawnFrom.set(level, drawnFrom);
    return level;
  };

  #settle(draft: readonly Beams[]): SearchState {
    const { space, beamWidth: size } = this;
    const { trie } = space;
    const lookup = this.#known.get;
    const levels = draft.values();
    let { beams } = this.#state;
    for (let drafted = true; ; ) {
      if (beams.depth === trie.levels || beams.prefixes.length === 0)
        return { kind: "done", beams };
      const missing = unknownPrefixes(space, beams, lookup);
      if (missing.length > 0) return { kind: "asking", beams, missing };
      const target = this.#distribution(beams, lookup);
      const level = drafted ? levels.next().value : undefined;
      const drawnFrom = level === undefined ? undefined : this.#drawnFrom.get(level);
      if (level === undefined || drawnFrom === undefined) {
        drafted = false;
        beams = bestFirst(this.#draw(target, { size, purpose: TARGET }));
      } else {
        const { prefixes } = level;
        const noise = this.#noise(target.depth);
        const step = verifyStep(target, { prefixes, drawnFrom }, { trie, size, noise });
        drafted = step.accepted;
        beams = bestFirst(step.beams);
      }
      this.#options.onLevel?.(beams);
    }
  }

  #distribution(beams: Beams, lookup: Lookup): StepDistribution {
    return stepDistribution(this.space, beams, { lookup, temperature: this.#options.temperature });
  }

  #draw(step: StepDistribution, { size, purpose }: { size: number; purpose: number }): Beams {
    const { trie } = this.space;
    const { logChances: logWeights } = step;
    const noise = foldWord(this.#noise(step.depth), purpose);
    return beamsAt(step, drawPlaces({ trie, step, logWeights, size, noise }));
  }

  /** Of a step in this round. */
  #noise(depth: number): NoiseKey {
    return foldWord(foldWord(this.#options.noise, this.#round), depth);
  }
}
