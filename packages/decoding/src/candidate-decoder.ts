import { parentOf, ROOT, type Trie } from "@nightbeam/catalogue";
import { DecodingError } from "./errors.js";
import { wholeNumber } from "./options.js";
import { BestPrefixes } from "./search/beams.js";
import { needsLookup } from "./search/scoring.js";
import type { Search } from "./search/search.js";
import type { Acceptance, SearchOutcome } from "./search/search-cost.js";
import { type DecodeJob, type Decoder, type Walk, walkRounds } from "./speculative-decoder.js";

/** One user, and the items that somebody proposes for them. */
export interface CandidateJob extends Omit<DecodeJob, "onKnown"> {
  /** Trie nodes of whole code paths, in any order; all are scored, so their number is what it costs. */
  readonly candidates: Uint32Array;
}

/** A user's list, in which candidates have their places. */
export type AcceptedOutcome = SearchOutcome & { readonly acceptance: Acceptance };

export interface AcceptOptions {
  readonly jobs: readonly CandidateJob[];
  /** In nats, over the whole path; infinity accepts nothing, which is plain beam search. */
  readonly threshold: number;
  /** Candidates that a list takes at most. Default, and the most that is possible: the beam width. */
  readonly places?: number | undefined;
}

/**
 * Lists that are begun by others and judged by the target, after SpecGR ("Inductive Generative
 * Recommendation via Retrieval-based Speculation", AAAI 2026): a proposed item is accepted where the
 * target's log-likelihood of its whole path is above the threshold, and what a list then lacks is the
 * best of the target's own beam search. **Not lossless**: beam search would never have come to an
 * accepted item whose first codes are unlikely, such as a new one's. That is the purpose.
 *
 * The first call scores all candidates, beside what the search misses and what is drafted. Users of
 * whom enough are accepted are done with it; more than there are places for, and the target's
 * favourites among them are taken. The others' searches go on as in `decodeBatch`. The outcome's beams
 * are in order of their score: accepted ones can stand last, so whoever cuts the list takes these first.
 *
 * @throws DecodingError BAD_OPTION where lists are drawn, or the places are more than there are beams;
 * others where a scorer breaks its contract; whatever the scorers throw
 */
export async function acceptCandidates(
  decoder: Decoder,
  { jobs, threshold, places = decoder.beamWidth }: AcceptOptions,
): Promise<readonly AcceptedOutcome[]> {
  checkOptions(decoder, places);
  const candidates = new Map(jobs.map((job) => [job.key, new Set(job.candidates)] as const));
  const judged = new Map<Walk, Judged>();
  const judge = (walk: Walk): Judged => {
    const proposed = candidates.get(walk.job.key) ?? [];
    const found = judged.get(walk) ?? judgedBy(walk.search, { proposed, threshold, places });
    judged.set(walk, found);
    return found;
  };
  const walks = await walkRounds(decoder, {
    jobs,
    alsoAsk: ({ cost, job, search }) =>
      cost.calls === 0 ? prefixesOfAll(search, candidates.get(job.key) ?? []) : [],
    goesOn: (walk) => walk.cost.calls === 0 || judge(walk).accepted.length < places,
  });
  return walks.map((walk) => listOf(walk, judge(walk)));
}

function checkOptions({ verification, beamWidth }: Decoder, places: number): void {
  wholeNumber(places, { name: "places", min: 1 });
  if (places > beamWidth)
    throw new DecodingError("BAD_OPTION", `${places} places are more than ${beamWidth} beams`);
  if (verification !== undefined && verification.kind !== "strict") {
    throw new DecodingError(
      "BAD_OPTION",
      `candidates are accepted into strict lists, and ${verification.kind} ones are drawn`,
    );
  }
}

interface Scored {
  readonly leaf: number;
  readonly score: number;
}

/** A user's candidates, once the target has scored them. */
interface Judged {
  /** Above the threshold, the target's favourites first, as many as there are places. */
  readonly accepted: readonly Scored[];
  readonly scores: Float64Array;
}

function judgedBy(
  search: Search,
  options: { proposed: Iterable<number>; threshold: number; places: number },
): Judged {
  const { threshold, places } = options;
  const best = new BestPrefixes(places);
  const possible = [...options.proposed].filter((leaf) => !search.space.exclusion.isDead(leaf));
  const scores = Float64Array.from(possible, (leaf) => scoreOf(search, leaf));
  possible.forEach((leaf, at) => {
    const score = scores[at] ?? 0;
    if (score > threshold) best.offer(leaf, score);
  });
  const kept = best.drain(search.space.trie.levels);
  const accepted = Array.from(kept.prefixes, (leaf, at) => ({ leaf, score: kept.scores[at] ?? 0 }));
  return { accepted, scores };
}

/** The target's log-probability of a path, added up in the order of the search. */
function scoreOf(search: Search, leaf: number): number {
  const { trie } = search.space;
  let score = 0;
  const path = [...prefixesOf(trie, leaf).reverse(), leaf];
  for (const [at, prefix] of path.slice(0, -1).entries()) {
    if (!needsLookup(search.space, prefix)) continue;
    const child = (path[at + 1] ?? 0) - (trie.firstChild[prefix] ?? 0);
    score += search.known(prefix)?.[child] ?? Number.NaN;
  }
  return score;
}

/** All that decides the scores of the paths that may be recommended. */
function* prefixesOfAll({ space }: Search, leaves: Iterable<number>): Generator<number> {
  for (const leaf of leaves) if (!space.exclusion.isDead(leaf)) yield* prefixesOf(space.trie, leaf);
}

/** The prefixes of a path after which something follows, deepest first, the root's last. */
function prefixesOf(trie: Trie, leaf: number): number[] {
  const prefixes: number[] = [];
  for (let at = leaf; at !== ROOT; ) {
    at = parentOf(trie, at);
    prefixes.push(at);
  }
  return prefixes;
}

/** The accepted, and the best of the search in the places that are left. */
function listOf({ search, cost }: Walk, { accepted, scores }: Judged): AcceptedOutcome {
  const { beams, kind } = search.state;
  const own = kind === "done" ? beams : undefined;
  const leaves = new Set(accepted.map(({ leaf }) => leaf));
  const acceptance = { accepted: leaves, scores, own };
  if (accepted.length === 0) return { beams, cost, acceptance };
  const list = new BestPrefixes(search.beamWidth);
  for (const { leaf, score } of accepted) list.offer(leaf, score);
  let left = search.beamWidth - accepted.length;
  for (let rank = 0; own !== undefined && left > 0 && rank < own.prefixes.length; rank++) {
    const leaf = own.prefixes[rank] ?? 0;
    if (leaves.has(leaf)) continue;
    list.offer(leaf, own.scores[rank] ?? 0);
    left--;
  }
  return { beams: list.drain(search.space.trie.levels), cost, acceptance };
}
