import type { ReadonlyUint16Array } from "@nightbeam/catalogue";
import type { OutsideCodes, ScoreRequest } from "@nightbeam/decoding";
import type { ProgramSetup } from "./program.js";

/** Levels with more codes are too large to be read whole for each prefix. */
const MAX_CODES = 4096;

/** Whether a request gets codes outside the catalogue: then all codes of a wanted node's level are read. */
export function wantsOutside(
  { scoring, codeTokens }: Pick<ProgramSetup, "scoring" | "codeTokens">,
  { outside = 0 }: Pick<ScoreRequest, "outside">,
): boolean {
  return outside > 0 && scoring === "full" && codeTokens.every(({ length }) => length <= MAX_CODES);
}

/** Finds the most likely codes that are no children, row by row, for one request. */
export class OutsideFinder {
  readonly #width: number;
  readonly #codes: Uint16Array;
  readonly #logProbs: Float64Array;
  #rows = 0;

  constructor({ tree, outside = 0 }: Pick<ScoreRequest, "tree" | "outside">) {
    this.#width = outside;
    this.#codes = new Uint16Array(tree.wanted.length * outside);
    this.#logProbs = new Float64Array(tree.wanted.length * outside).fill(Number.NEGATIVE_INFINITY);
  }

  /**
   * Adds the next wanted prefix.
   *
   * @param logProbs of all codes of the level, by code
   * @param children codes, ascending
   */
  add(logProbs: Float32Array, children: ReadonlyUint16Array): void {
    const first = this.#rows++ * this.#width;
    const last = first + this.#width - 1;
    let child = 0;
    for (let code = 0; code < logProbs.length; code++) {
      if (children[child] === code) {
        child++;
        continue;
      }
      const logProb = logProbs[code] ?? 0;
      // Most codes are refused here.
      if (!(logProb > (this.#logProbs[last] ?? 0))) continue;
      let at = last;
      for (; at > first && logProb > (this.#logProbs[at - 1] ?? 0); at--) {
        this.#logProbs[at] = this.#logProbs[at - 1] ?? 0;
        this.#codes[at] = this.#codes[at - 1] ?? 0;
      }
      this.#logProbs[at] = logProb;
      this.#codes[at] = code;
    }
  }

  finish(): OutsideCodes {
    return { codes: this.#codes, logProbs: this.#logProbs };
  }
}
