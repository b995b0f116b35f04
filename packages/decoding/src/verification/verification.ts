import { DecodingError } from "../errors.js";
import { BeamSearch } from "../search/beam-search.js";
import type { Search } from "../search/search.js";
import type { SearchSpace } from "../search/search-space.js";
import { foldText, noiseOf } from "./noise/noise.js";
import { RelaxedSearch } from "./relaxed/relaxed-search.js";
import { PerturbedRanking } from "./sampled/perturbed-ranking.js";

/** What a list is. */
export type Verification =
  /** The target's own beam search. */
  | { readonly kind: "strict" }
  /**
   * Code paths drawn from the target without replacement, in the order of drawing. The draft has no
   * say in them.
   */
  | ({ readonly kind: "sampled" } & Sampling)
  /**
   * The AtSpeed paper's relaxed verification: sequences drawn step by step from about the target's
   * distribution, those that the draft proposed being preferred. Best first.
   */
  | ({ readonly kind: "relaxed"; readonly drafted: "sampled" | "beam" } & Sampling);

/** How it is drawn. */
export interface Sampling {
  /** A whole number up to 2^53 - 1; with a user's name it decides all that is drawn for the user. */
  readonly seed: number;
  /** Above 0: 1 is the target's own distribution, less is more of the likely, more is more even. */
  readonly temperature: number;
}

/** What decides one user's list. */
export interface SearchOptions {
  readonly beamWidth: number;
  /** Absent: strict. */
  readonly verification?: Verification;
  /** The user's. */
  readonly name?: string | undefined;
  /** Given where somebody waits for the known tree. */
  readonly onKnown?: unknown;
}

/**
 * One user's search.
 *
 * @throws DecodingError BAD_OPTION for a beam width, seed or temperature outside its range; for a list
 * that is drawn for a user without a name; for `onKnown` of a relaxed search, which has no beams that
 * follow from what is known
 */
export function searchOf(space: SearchSpace, options: SearchOptions): Search {
  const { beamWidth, verification, name } = options;
  if (verification === undefined || verification.kind === "strict") {
    return new BeamSearch(space, { beamWidth });
  }
  const { seed, temperature } = verification;
  if (name === undefined) throw badOption("a user has no name, and lists are drawn by it");
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw badOption(`seed ${seed} is not a whole number of at least 0`);
  if (!(temperature > 0 && temperature < Number.POSITIVE_INFINITY))
    throw badOption(`temperature ${temperature} is not above 0`);
  const noise = foldText(noiseOf(seed), name);
  if (verification.kind === "sampled") {
    const ranking = new PerturbedRanking({ noise, temperature });
    return new BeamSearch({ ...space, ranking }, { beamWidth });
  }
  if (options.onKnown !== undefined)
    throw badOption("the known tree of a relaxed search is asked for, and there is none");
  const { drafted } = verification;
  return new RelaxedSearch(space, { beamWidth, temperature, drafted, noise });
}

function badOption(message: string): DecodingError {
  return new DecodingError("BAD_OPTION", message);
}
