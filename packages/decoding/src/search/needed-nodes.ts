import { ROOT } from "@nightbeam/catalogue";
import type { Beams } from "./beams.js";
import { needsLookup } from "./scoring.js";
import type { SearchSpace } from "./search-space.js";

/** Counts the prefixes, the empty one not counted, whose children a search had to know, drafted or not. */
export class NeededNodes {
  readonly #space: SearchSpace;
  #passed = 0;
  #last = 0;

  constructor(space: SearchSpace) {
    this.#space = space;
  }

  /** To be called for each level that the search settles, the root included. */
  readonly onLevel = ({ prefixes }: Beams): void => {
    // The search has looked past all levels but the last.
    this.#passed += this.#last;
    this.#last = 0;
    for (const prefix of prefixes) {
      if (prefix !== ROOT && needsLookup(this.#space, prefix)) this.#last++;
    }
  };

  get count(): number {
    return this.#passed;
  }
}
