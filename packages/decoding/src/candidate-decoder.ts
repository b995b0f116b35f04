import type { BatchDecoder, DecodeJob, SearchOutcome } from "./batch-decoder.js";
import { type AcceptanceRules, CandidateRounds } from "./candidate-rounds.js";
import { requireThat, wholeNumber } from "./errors.js";
import { QuestionHasher } from "./question.js";
import { widthAt } from "./search/beam-width.js";
import { BestPrefixes } from "./search/beams.js";
import {
  type ActiveSearch,
  checkSpeculative,
  maxUsers,
  runRounds,
  type SpeculativeOptions,
} from "./speculative-decoder.js";

export interface CandidateOptions extends SpeculativeOptions, Omit<AcceptanceRules, "places"> {
  /**
   * The items proposed for a user, as leaves of the trie, best first; undefined if there are none. Their
   * order matters with `perLevel` alone. The target scores all that are checked, so their number is what
   * they cost.
   */
  readonly candidatesFor: (user: Omit<DecodeJob, "key">) => Iterable<number> | undefined;
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
 * By default, the first call scores all candidates, together with what the search misses and what is
 * drafted. With `perLevel` they are checked level by level, as in the paper's guided re-drafting; see
 * `CandidateRounds`.
 * Users whose places are all taken are done: their beams are the accepted items alone, those furthest above
 * their thresholds if there are more than places. The other searches continue as in
 * `speculativeDecoder`. The outcome's beams are in order of their score, and accepted ones can be last:
 * take them first before cutting the list.
 * A job's `onKnown` is not called, as a search that stops early has no complete tree.
 *
 * @throws DecodingError BAD_OPTION for drawn lists, for more places than beams and for other wrong
 * options; from `decode`, as `speculativeDecoder` does
 */
export function candidateDecoder(options: CandidateOptions): BatchDecoder {
  checkSpeculative(options);
  const { candidatesFor, threshold, newItems, perLevel, places = listWidth(options) } = options;
  const rules = { threshold, newItems, perLevel, places };
  checkCandidates({ ...options, ...rules });
  const questions = new QuestionHasher({ ...options, candidates: rules });
  return {
    questionOf: (user) => questions.questionOf({ ...user, proposed: candidatesFor(user) }),
    maxUsers: maxUsers(options),
    async decode(jobs, signal) {
      const checks = new Map<ActiveSearch, CandidateRounds>();
      /** A user's rounds, as far as the search has run. */
      const roundsOf = (active: ActiveSearch): CandidateRounds => {
        const leaves = () => openCandidates(active, candidatesFor);
        const rounds =
          checks.get(active) ?? new CandidateRounds(active, { ...rules, leaves: leaves() });
        checks.set(active, rounds);
        rounds.advance();
        return rounds;
      };
      const searches = await runRounds(options, {
        jobs: jobs.map(({ onKnown: _, signal: __, ...job }) => job),
        signal,
        hooks: {
          isUnfinished: (active) => {
            const rounds = roundsOf(active);
            if (rounds.isFull) return false;
            return active.search.state.kind === "asking" || !rounds.isAnswered;
          },
          extraPrefixes: (active) => roundsOf(active).missing(),
        },
      });
      return searches.map((active) => listOf(active, { rounds: roundsOf(active), ...rules }));
    },
  };
}

/** Code paths of a list: what the last level keeps. */
function listWidth({ beamWidth, space }: Pick<CandidateOptions, "beamWidth" | "space">): number {
  return widthAt(beamWidth, space.trie.levels);
}

/** @throws DecodingError BAD_OPTION */
function checkCandidates(options: CandidateOptions & AcceptanceRules): void {
  const { candidatesFor, threshold, newItems, perLevel, places, verification } = options;
  const beamWidth = listWidth(options);
  requireThat(typeof candidatesFor === "function", "candidatesFor must be a function");
  requireThat(!Number.isNaN(threshold), "the threshold must be a number of nats");
  if (newItems !== undefined) {
    const { threshold: nats, isNew } = newItems;
    const areFinite = Number.isFinite(nats) && Number.isFinite(threshold);
    requireThat(areFinite, "the thresholds must be finite, so that new items can be compared");
    requireThat(typeof isNew === "function", "newItems.isNew must be a function");
  }
  if (perLevel !== undefined) wholeNumber(perLevel, { name: "candidates per level", min: 1 });
  wholeNumber(places, { name: "places", min: 1 });
  requireThat(places <= beamWidth, `${places} places are more than ${beamWidth} beams`);
  const { kind } = verification ?? { kind: "strict" };
  requireThat(kind === "strict", `candidates need strict lists, and ${kind} ones are drawn`);
}

/** A user's candidates that may be recommended, each once, in the proposer's order. */
function openCandidates(
  { job, search }: ActiveSearch,
  candidatesFor: CandidateOptions["candidatesFor"],
): number[] {
  const { exclusion } = search.space;
  return [...new Set(candidatesFor(job))].filter((leaf) => !exclusion.isDead(leaf));
}

/**
 * The accepted items, and the best of the search in the places that are left. If all places are taken,
 * the search counts for nothing: how far it has run depends on the draft.
 */
function listOf(
  { search, cost }: ActiveSearch,
  { rounds, newItems }: AcceptanceRules & { readonly rounds: CandidateRounds },
): SearchOutcome {
  const { beams } = search.state;
  const { accepted, checked, proposed } = rounds.verdict();
  const own = rounds.isFull ? undefined : beams;
  const leaves = new Set(accepted.map(({ leaf }) => leaf));
  const acceptance = {
    accepted: leaves,
    proposed,
    checked: Uint32Array.from(checked, ({ leaf }) => leaf),
    scores: Float64Array.from(checked, ({ score }) => score),
    isNew: newItems?.isNew,
    own,
  };
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
