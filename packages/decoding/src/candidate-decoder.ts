import { childRange, parentOf, ROOT, type Trie } from "@nightbeam/catalogue";
import type { BatchDecoder, DecodeJob, SearchOutcome } from "./batch-decoder.js";
import { requireThat, wholeNumber } from "./errors.js";
import { QuestionHasher } from "./question.js";
import { widthAt } from "./search/beam-width.js";
import { BestPrefixes } from "./search/beams.js";
import { needsLookup } from "./search/scoring.js";
import type { SearchView } from "./search/search.js";
import {
  type ActiveSearch,
  checkSpeculative,
  maxUsers,
  runRounds,
  type SpeculativeOptions,
} from "./speculative-decoder.js";

export interface CandidateOptions extends SpeculativeOptions {
  /**
   * The items proposed for a user, as leaves of the trie, in any order; undefined if there are none.
   * The target scores all of them, so their number is what they cost.
   */
  readonly candidatesFor: (user: Omit<DecodeJob, "key">) => Iterable<number> | undefined;
  /** Log-likelihood of the whole path, in nats, above which an item is accepted. */
  readonly threshold: number;
  /** Candidates that a list takes at most. Default, and maximum: the beam width. */
  readonly places?: number | undefined;
}

/**
 * Decodes lists with items that others propose and the target judges, after SpecGR ("Inductive
 * Generative Recommendation via Retrieval-based Speculation", AAAI 2026): a proposed item is accepted
 * if the target's log-likelihood of its whole path is above the threshold, and the rest of the list is
 * the best of the target's own beam search. **Not lossless**: beam search would never reach an accepted
 * item whose first codes are unlikely, such as a new item's. That is the purpose.
 *
 * The first call scores all candidates, together with what the search misses and what is drafted.
 * Users whose places are all taken are done after it: their beams are the accepted items alone, the
 * target's favourites if there are more than places. The other searches continue as in
 * `speculativeDecoder`. The outcome's beams are in order of their score, and accepted ones can be last:
 * take them first before cutting the list.
 * A job's `onKnown` is not called, as a search that stops early has no complete tree.
 *
 * @throws DecodingError BAD_OPTION for drawn lists, for more places than beams and for other wrong
 * options; from `decode`, as `speculativeDecoder` does
 */
export function candidateDecoder(options: CandidateOptions): BatchDecoder {
  checkSpeculative(options);
  const { candidatesFor, threshold, places = listWidth(options) } = options;
  checkCandidates({ ...options, places });
  const questions = new QuestionHasher({ ...options, candidates: { threshold, places } });
  return {
    questionOf: (user) => questions.questionOf({ ...user, proposed: candidatesFor(user) }),
    maxUsers: maxUsers(options),
    async decode(jobs, signal) {
      const verdicts = new Map<ActiveSearch, Verdict>();
      const verdictOn = (active: ActiveSearch): Verdict => {
        const known = verdicts.get(active);
        if (known !== undefined) return known;
        const proposed = openCandidates(active, candidatesFor);
        const verdict = judge(active.search, { proposed, threshold, places });
        verdicts.set(active, verdict);
        return verdict;
      };
      const searches = await runRounds(options, {
        jobs: jobs.map(({ onKnown: _, signal: __, ...job }) => job),
        signal,
        hooks: {
          extraPrefixes: (active) =>
            active.cost.calls === 0
              ? prefixesOfAll(active.search.space.trie, openCandidates(active, candidatesFor))
              : [],
          wantsAnotherCall: (active) =>
            active.cost.calls === 0 || verdictOn(active).accepted.length < places,
        },
      });
      return searches.map((active) => listOf(active, { ...verdictOn(active), places }));
    },
  };
}

/** Code paths of a list: what the last level keeps. */
function listWidth({ beamWidth, space }: Pick<CandidateOptions, "beamWidth" | "space">): number {
  return widthAt(beamWidth, space.trie.levels);
}

/** @throws DecodingError BAD_OPTION */
function checkCandidates(options: CandidateOptions & { readonly places: number }): void {
  const { candidatesFor, threshold, places, verification } = options;
  const beamWidth = listWidth(options);
  requireThat(typeof candidatesFor === "function", "candidatesFor must be a function");
  requireThat(!Number.isNaN(threshold), "the threshold must be a number of nats");
  wholeNumber(places, { name: "places", min: 1 });
  requireThat(places <= beamWidth, `${places} places are more than ${beamWidth} beams`);
  const { kind } = verification ?? { kind: "strict" };
  requireThat(kind === "strict", `candidates need strict lists, and ${kind} ones are drawn`);
}

/** A user's candidates that may be recommended, each once. */
function openCandidates(
  { job, search }: ActiveSearch,
  candidatesFor: CandidateOptions["candidatesFor"],
): number[] {
  const { exclusion } = search.space;
  return [...new Set(candidatesFor(job))].filter((leaf) => !exclusion.isDead(leaf));
}

interface ScoredLeaf {
  readonly leaf: number;
  readonly score: number;
}

/** What the target makes of a user's candidates, once it has scored them. */
interface Verdict {
  /** Those above the threshold, the target's favourites first, as many as there are places. */
  readonly accepted: readonly ScoredLeaf[];
  /** Log-probabilities (nats) of all open candidates. */
  readonly scores: Float64Array;
}

function judge(
  search: SearchView,
  options: { proposed: readonly number[]; threshold: number; places: number },
): Verdict {
  const { proposed, threshold, places } = options;
  const best = new BestPrefixes(places);
  const scores = Float64Array.from(proposed, (leaf) => scoreOf(search, leaf));
  proposed.forEach((leaf, at) => {
    const score = scores[at] ?? 0;
    if (score > threshold) best.offer(leaf, score);
  });
  const kept = best.drain(search.space.trie.levels);
  const accepted = Array.from(kept.prefixes, (leaf, at) => ({ leaf, score: kept.scores[at] ?? 0 }));
  return { accepted, scores };
}

/** The target's log-probability of a path, added up in the order of the search. */
function scoreOf(search: SearchView, leaf: number): number {
  const { trie } = search.space;
  let score = 0;
  const path = [...prefixesOf(trie, leaf).reverse(), leaf];
  for (const [at, prefix] of path.slice(0, -1).entries()) {
    if (!needsLookup(search.space, prefix)) continue;
    const child = (path[at + 1] ?? 0) - childRange(trie, prefix).first;
    score += search.known(prefix)?.[child] ?? Number.NaN;
  }
  return score;
}

/** All prefixes that decide the scores of these paths. */
function* prefixesOfAll(trie: Trie, leaves: Iterable<number>): Generator<number> {
  for (const leaf of leaves) yield* prefixesOf(trie, leaf);
}

/** The prefixes of a path, without the path itself, deepest first, the root last. */
function prefixesOf(trie: Trie, leaf: number): number[] {
  const prefixes: number[] = [];
  for (let at = leaf; at !== ROOT; ) {
    at = parentOf(trie, at);
    prefixes.push(at);
  }
  return prefixes;
}

/**
 * The accepted items, and the best of the search in the places that are left. If all places are taken,
 * the search counts for nothing: whether the first call finished it depends on the draft.
 */
function listOf(
  { search, cost }: ActiveSearch,
  { accepted, scores, places }: Verdict & { readonly places: number },
): SearchOutcome {
  const { beams } = search.state;
  const own = accepted.length < places ? beams : undefined;
  const leaves = new Set(accepted.map(({ leaf }) => leaf));
  const acceptance = { accepted: leaves, scores, own };
  if (accepted.length === 0) return { beams, cost, acceptance };
  const width = widthAt(search.beamWidth, search.space.trie.levels);
  const list = new BestPrefixes(width);
  for (const { leaf, score } of accepted) list.offer(leaf, score);
  let left = width - accepted.length;
  for (let rank = 0; own !== undefined && left > 0 && rank < own.prefixes.length; rank++) {
    const leaf = own.prefixes[rank] ?? 0;
    if (leaves.has(leaf)) continue;
    list.offer(leaf, own.scores[rank] ?? 0);
    left--;
  }
  return { beams: list.drain(search.space.trie.levels), cost, acceptance };
}
