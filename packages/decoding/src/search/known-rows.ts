import { checkRow } from "../tree/answer-rows.js";
import { withoutExcluded } from "./scoring.js";
import type { SearchSpace } from "./search-space.js";

/** What a model answered about prefixes' children, as one user's search uses it. */
export class KnownRows {
  readonly #space: SearchSpace;
  readonly #rows = new Map<number, Float64Array>();

  constructor(space: SearchSpace) {
    this.#space = space;
  }

  /** Log-probabilities (nats) of a prefix's children, in the trie's order, once learnt. */
  readonly get = (prefix: number): Float64Array | undefined => this.#rows.get(prefix);

  /** @throws DecodingError ANSWER_SIZE, NOT_A_NUMBER */
  learn(prefix: number, logProbs: Float64Array): void {
    checkRow(this.#space.trie, { prefix, logProbs });
    this.#rows.set(prefix, withoutExcluded(this.#space, prefix, logProbs));
  }

  /** Forgets this prefix and all later ones: those that follow it at its depth, and all deeper ones. */
  forgetFrom(first: number): void {
    for (const prefix of this.#rows.keys()) if (prefix >= first) this.#rows.delete(prefix);
  }
}
