import { DecodingError } from "./errors.js";
import { foldText, noiseOf } from "./noise/noise.js";
import { PerturbedRanking } from "./sampled/perturbed-ranking.js";
import type { Ranking } from "./search-space.js";

/** What a list is. */
export type Verification =
  /** The target's own beam search. */
  | { readonly kind: "strict" }
  /**
   * Code paths drawn from the target without replacement, in the order of drawing. The draft has no
   * say in them.
   */
  | ({ readonly kind: "sampled" } & Sampling);

/** How it is drawn. */
export interface Sampling {
  /** A whole number up to 2^53 - 1; with a user's name it decides all that is drawn for the user. */
  readonly seed: number;
  /** Above 0; divides the log-probabilities of the next code: 1 is the target's own distribution. */
  readonly temperature: number;
}

/**
 * The ranking of one user's search; undefined where it goes by log-probability.
 *
 * @param name the user's
 * @throws DecodingError BAD_OPTION where it is drawn and the user has no name, or the seed or the
 * temperature is outside its range
 */
export function rankingOf(
  verification: Verification | undefined,
  name: string | undefined,
): Ranking | undefined {
  if (verification === undefined || verification.kind === "strict") return undefined;
  const { seed, temperature } = verification;
  if (name === undefined)
    throw new DecodingError("BAD_OPTION", "a user has no name, and lists are drawn by it");
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new DecodingError("BAD_OPTION", `seed ${seed} is not a whole number of at least 0`);
  if (!(temperature > 0 && temperature < Number.POSITIVE_INFINITY))
    throw new DecodingError("BAD_OPTION", `temperature ${temperature} is not above 0`);
  return new PerturbedRanking({ noise: foldText(noiseOf(seed), name), temperature });
}
