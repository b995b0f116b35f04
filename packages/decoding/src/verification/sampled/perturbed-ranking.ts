import { childCodes, childRange, pathOf, ROOT, type Trie } from "@nightbeam/catalogue";
import { type Beams, BestPrefixes } from "../../search/beams.js";
import { countChildren } from "../../search/expand.js";
import { needsLookup } from "../../search/scoring.js";
import type { Lookup, Ranking, SearchSpace } from "../../search/search-space.js";
import { foldWord, gumbelsAt, type NoiseKey } from "../noise/noise.js";
import { tempered } from "./tempered.js";
import { truncateGumbels } from "./truncated-gumbels.js";

/** The word that the root's noise is drawn for; no code is as large. */
const ROOT_WORD = 0x1_0000;

/**
 * Ranks prefixes by perturbed log-probability, top-down: the search that keeps the K best is a sample
 * of K different code paths without replacement, in the order of drawing (stochastic beam search, Kool
 * et al. 2019).
 *
 * Each prefix's perturbed score is a Gumbel variable around its log-probability, drawn given that the
 * best of its siblings has their parent's. The noise depends on the user's key and on the codes of the
 * prefix alone, so the search is a function of log-probabilities like any other.
 *
 * Sampling goes by the tempered distribution at every prefix; see `tempered`. A prefix of probability
 * 0 is never kept.
 */
export class PerturbedRanking implements Ranking {
  readonly #noise: NoiseKey;
  readonly #temperature: number;

  /** @param options noise: the user's own; temperature: above 0 */
  constructor(options: { noise: NoiseKey; temperature: number }) {
    this.#noise = options.noise;
    this.#temperature = options.temperature;
  }

  root(): Beams {
    return {
      depth: 0,
      prefixes: Uint32Array.of(ROOT),
      scores: gumbelsAt(this.#noise, [ROOT_WORD]),
      logProbs: Float64Array.of(0),
    };
  }

  expand(space: SearchSpace, beams: Beams, options: { lookup: Lookup; width: number }): Beams {
    const { trie } = space;
    const best = new BestPrefixes(Math.min(options.width, countChildren(space, beams)));
    /** Of all prefixes that were among the best when they were offered. */
    const logProbs = new Map<number, number>();
    for (let beam = 0; beam < beams.prefixes.length; beam++) {
      const prefix = beams.prefixes[beam] ?? 0;
      const looked = needsLookup(space, prefix) ? options.lookup(prefix) : "certain";
      if (looked === undefined) continue;
      const row = tempered(space, prefix, { logProbs: looked, temperature: this.#temperature });
      const above = beams.logProbs?.[beam] ?? 0;
      for (let i = 0; i < row.length; i++) row[i] = above + (row[i] ?? 0);
      const scores = this.#perturbed(trie, prefix, { row, largest: beams.scores[beam] ?? 0 });
      const { first } = childRange(trie, prefix);
      for (let i = 0; i < row.length; i++) {
        const score = scores[i] ?? 0;
        if (score === Number.NEGATIVE_INFINITY || !best.accepts(first + i, score)) continue;
        best.offer(first + i, score);
        logProbs.set(first + i, row[i] ?? 0);
      }
    }
    const kept = best.drain(beams.depth + 1);
    return { ...kept, logProbs: Float64Array.from(kept.prefixes, (one) => logProbs.get(one) ?? 0) };
  }

  /** Perturbed scores of a prefix's children; the best of them has the prefix's own score. */
  #perturbed(
    trie: Trie,
    prefix: number,
    { row, largest }: { row: Float64Array; largest: number },
  ): Float64Array {
    const noise = pathOf(trie, prefix).reduce(foldWord, this.#noise);
    const scores = gumbelsAt(noise, childCodes(trie, prefix));
    for (let i = 0; i < scores.length; i++) scores[i] = (scores[i] ?? 0) + (row[i] ?? 0);
    truncateGumbels(scores, largest);
    return scores;
  }
}
