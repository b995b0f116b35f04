import { widthAt } from "../search/beam-width.js";
import type { Beams } from "../search/beams.js";
import { expandBeams, unknownPrefixes } from "../search/expand.js";
import type { Lookup } from "../search/search-space.js";
import type { Draft, DraftRequest } from "./drafter.js";

/** Prefixes of one user whose children are to be estimated. */
export interface EstimateRequest {
  readonly request: DraftRequest;
  readonly prefixes: readonly number[];
}

/** Guesses the target's conditional log-probabilities. */
export interface Estimator {
  /** Estimates the children of these prefixes; `lookup` returns the estimates afterwards. */
  estimate(asked: readonly EstimateRequest[]): Promise<void>;
  /** Log-probabilities (nats) of a prefix's children, in the trie's order, once estimated. */
  lookup(request: DraftRequest, prefix: number): Float64Array | undefined;
}

/**
 * Drafts by beam search with an estimator: from the target's current beams downwards, with the
 * target's own log-probabilities if they are known, and estimates otherwise.
 *
 * Each depth holds the beams that the search will keep if the estimates are right, and beyond them
 * the next best. Without that rule the next best, whose children can be better, would crowd out
 * what the search really enters; with it, estimates that are right save every further call.
 * If a request has a `propose`, that drafts the levels.
 *
 * @public to write a drafter that has probabilities
 */
export async function draftByEstimate(
  requests: readonly DraftRequest[],
  estimator: Estimator,
): Promise<Draft[]> {
  const drafts = requests.map(
    (request): OpenDraft => ({
      request,
      expected: request.search.state.beams,
      proposed: request.search.state.beams,
      levels: [],
      lookup: (prefix) => request.search.known(prefix) ?? estimator.lookup(request, prefix),
    }),
  );
  for (;;) {
    const open = drafts.filter((draft) => nextWidth(draft) > 0);
    if (open.length === 0) return drafts.map(({ levels }) => ({ levels }));
    const asked = open
      .map(({ request, proposed, lookup }) => ({
        request,
        prefixes: unknownPrefixes(request.search.space, proposed, lookup),
      }))
      .filter(({ prefixes }) => prefixes.length > 0);
    if (asked.length > 0) await estimator.estimate(asked);
    for (const draft of open) addLevel(draft);
  }
}

/** A user's draft, as far as it has been made. */
interface OpenDraft {
  readonly request: DraftRequest;
  readonly lookup: Lookup;
  /** The beams that the search keeps if the estimates are right; all of them are in `proposed`. */
  expected: Beams;
  proposed: Beams;
  readonly levels: Beams[];
}

/** Prefixes to propose next; 0 for the last depth, whose prefixes are never asked about. */
function nextWidth({ request, proposed }: OpenDraft): number {
  const atEnd =
    proposed.prefixes.length === 0 || proposed.depth + 1 >= request.search.space.trie.levels;
  return atEnd ? 0 : (request.widths[proposed.depth] ?? 0);
}

function addLevel(draft: OpenDraft): void {
  const { lookup, request, expected, proposed } = draft;
  const { search, propose } = request;
  const { space, beamWidth } = search;
  const width = nextWidth(draft);
  if (propose === undefined) {
    const kept = Math.min(width, widthAt(beamWidth, expected.depth + 1));
    draft.expected = expandBeams(space, expected, { lookup, width: kept });
    draft.proposed = withAll(expandBeams(space, proposed, { lookup, width }), draft.expected);
  } else {
    draft.proposed = propose(proposed, { lookup, width });
  }
  draft.levels.push(draft.proposed);
}

/**
 * `best` with its last prefixes that are not expected replaced by the expected ones that it lacks.
 * Those were not good enough for `best`, so they follow it and the order holds.
 */
function withAll(best: Beams, expected: Beams): Beams {
  const among = new Set(best.prefixes);
  const lacking = placesOf(expected, (prefix) => !among.has(prefix));
  if (lacking.length === 0) return best;
  const needed = new Set(expected.prefixes);
  const dropped = new Set(placesOf(best, (prefix) => !needed.has(prefix)).slice(-lacking.length));
  const places = [...best.prefixes.keys()].filter((place) => !dropped.has(place));
  const merged = (from: (beams: Beams) => ArrayLike<number>) => [
    ...places.map((place) => from(best)[place] ?? 0),
    ...lacking.map((place) => from(expected)[place] ?? 0),
  ];
  return {
    depth: best.depth,
    prefixes: Uint32Array.from(merged(({ prefixes }) => prefixes)),
    scores: Float64Array.from(merged(({ scores }) => scores)),
    ...(best.logProbs === undefined
      ? {}
      : { logProbs: Float64Array.from(merged(({ logProbs }) => logProbs ?? [])) }),
  };
}

function placesOf(beams: Beams, matches: (prefix: number) => boolean): number[] {
  return [...beams.prefixes.keys()].filter((place) => matches(beams.prefixes[place] ?? 0));
}
