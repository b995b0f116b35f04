import { DecodingError } from "../errors.js";
import { BeamSearch } from "../search/beam-search.js";
import type { BeamWidth } from "../search/beam-width.js";
import type { Beams } from "../search/beams.js";
import type { Search } from "../search/search.js";
import type { SearchSpace } from "../search/search-space.js";
import { foldText, noiseOf } from "./noise/noise.js";
import { RelaxedSearch } from "./relaxed/relaxed-search.js";
import { PerturbedRanking } from "./sampled/perturbed-ranking.js";

/** How a list comes about. */
export type Verification =
  /** The target's own beam search. */
  | { readonly kind: "strict" }
  /**
   * Code paths drawn from the target without replacement, in the order of drawing. The draft has no
   * influence on them.
   */
  | ({ readonly kind: "sampled" } & Sampling)
  /**
   * The AtSpeed paper's relaxed verification: sequences drawn step by step from approximately the
   * target's distribution, preferring those that the draft proposed. Best first.
   */
  | ({ readonly kind: "relaxed"; readonly drafted: "sampled" | "beam" } & Sampling);

/** How a list is drawn. */
export interface Sampling {
  /** A whole number from 0 to 2^53 - 1; together with a user's name it decides what is drawn for the user. */
  readonly seed: number;
  /** Above 0. 1 is the target's own distribution; lower favours the likely, higher is more even. */
  readonly temperature: number;
}

/** Settings of one user's search. */
export interface SearchOptions {
  readonly beamWidth: BeamWidth;
  /** Default: strict. */
  readonly verification?: Verification | undefined;
  /** The user's name. */
  readonly name?: string | undefined;
  /** Set if the known tree is wanted. */
  readonly onKnown?: unknown;
  /** Called with the prefixes that are kept at each level, the root included. */
  readonly onLevel?: ((beams: Beams) => void) | undefined;
}

/**
 * Begins one user's search.
 *
 * @throws DecodingError BAD_OPTION for a beam width, seed or temperature outside its range; for a list
 * that is drawn for a user without a name; for `onKnown` with a relaxed search, whose beams do not
 * follow from the known tree
 */
export function beginSearch(space: SearchSpace, options: SearchOptions): Search {
  const { beamWidth, verification, name, onLevel } = options;
  if (verification === undefined || verification.kind === "strict") {
    return new BeamSearch(space, { beamWidth, onLevel });
  }
  const { seed, temperature } = verification;
  if (name === undefined) throw badOption("a user has no name; drawn lists depend on it");
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw badOption(`seed ${seed} is not a whole number of at least 0`);
  if (!(temperature > 0 && temperature < Number.POSITIVE_INFINITY))
    throw badOption(`temperature ${temperature} is not above 0`);
  if (typeof beamWidth !== "number")
    throw badOption(`beam width ${beamWidth.join(",")}: drawn lists take one width for all levels`);
  const noise = foldText(noiseOf(seed), name);
  if (verification.kind === "sampled") {
    const ranking = new PerturbedRanking({ noise, temperature });
    return new BeamSearch({ ...space, ranking }, { beamWidth, onLevel });
  }
  if (options.onKnown !== undefined)
    throw badOption("a relaxed search has no known tree for onKnown");
  const { drafted } = verification;
  return new RelaxedSearch(space, { beamWidth, temperature, drafted, noise, onLevel });
}

function badOption(message: string): DecodingError {
  return new DecodingError("BAD_OPTION", message);
}
