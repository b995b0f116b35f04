import type { Beams } from "../beams.js";
import { expandBeams, unknownPrefixes } from "../expand.js";
import type { Draft, DraftRequest } from "./drafter.js";

/** A guess at the target's conditional log-probabilities. */
export interface Estimator {
  /** Makes `lookup` answer for these prefixes of these users. */
  estimate(asked: readonly { request: DraftRequest; prefixes: readonly number[] }[]): Promise<void>;
  /** Log-probabilities (nats) of a prefix's children, in the trie's order, once estimated. */
  lookup(request: DraftRequest, prefix: number): Float64Array | undefined;
}

/**
 * Drafts by beam search with an estimator: from the target's current beams downwards, with the
 * target's own log-probabilities where they are known and the estimator's where they are not.
 */
export async function draftByEstimate(
  requests: readonly DraftRequest[],
  estimator: Estimator,
): Promise<Draft[]> {
  const walks = requests.map((request) => ({
    request,
    beams: request.search.state.beams,
    levels: [] as Beams[],
    lookup: (prefix: number) => request.search.known(prefix) ?? estimator.lookup(request, prefix),
  }));
  for (;;) {
    const open = walks.filter(
      ({ beams, request }) => beams.prefixes.length > 0 && nextWidth(request, beams) > 0,
    );
    if (open.length === 0) return walks.map(({ levels }) => ({ levels }));
    const asked = open
      .map(({ request, beams, lookup }) => ({
        request,
        prefixes: unknownPrefixes(request.search.space, beams, lookup),
      }))
      .filter(({ prefixes }) => prefixes.length > 0);
    if (asked.length > 0) await estimator.estimate(asked);
    for (const walk of open) {
      const { request, beams, lookup } = walk;
      const width = nextWidth(request, beams);
      walk.beams = expandBeams(request.search.space, beams, { lookup, width });
      walk.levels.push(walk.beams);
    }
  }
}

/** Prefixes to propose below these beams; 0 at the last depth, whose prefixes nobody asks about. */
function nextWidth(request: DraftRequest, beams: Beams): number {
  const atLast = beams.depth + 1 >= request.search.space.trie.levels;
  return atLast ? 0 : (request.widths[beams.depth] ?? 0);
}
