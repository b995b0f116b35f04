import { type Exclusion, ROOT } from "@nightbeam/catalogue";
import {
  type BatchDecoder,
  checkJobs,
  type DecodeJob,
  type SearchOutcome,
} from "./batch-decoder.js";
import { fixedWidths } from "./drafting/draft-policy.js";
import { emptyDrafter } from "./drafting/drafter.js";
import { DecodingError, requireThat } from "./errors.js";
import { QuestionHasher } from "./question.js";
import { answerOf } from "./reuse/answer.js";
import { BeamSearch } from "./search/beam-search.js";
import { lengthClass } from "./search/length-class.js";
import { recordOfWholeSearch } from "./search/recorded-search.js";
import { viewOf } from "./search/search.js";
import { noCost } from "./search/search-cost.js";
import type { SearchAnswer, Searcher, SearchRequest } from "./search/searcher.js";
import { checkSpace, type SpeculativeOptions } from "./speculative-decoder.js";
import { checkAnswerCount } from "./tree/answer-rows.js";
import { treeOf } from "./tree/beam-tree.js";

/** As in `SpeculativeOptions`, but for the target. */
export interface SearchOptions
  extends Pick<SpeculativeOptions, "space" | "drafter" | "policy" | "versions"> {
  /** Prefixes that the search keeps at each level, which is the length of the lists. */
  readonly beamWidth: number;
  /** The model whose lists are wanted. */
  readonly target: Searcher;
}

/**
 * Decodes with a target that runs whole searches: one call per batch. Lists are strict, and the same
 * with any draft. A job's `onKnown` is refused, as the target's log-probabilities stay with it.
 *
 * @throws DecodingError BAD_OPTION for wrong options; from `decode`, ANSWER_SIZE and NOT_A_NUMBER for
 * a target that breaks its contract, and what it throws
 */
export function searchDecoder(options: SearchOptions): BatchDecoder {
  requireThat(typeof options.target?.search === "function", "target must be a Searcher");
  checkSpace(options);
  const questions = new QuestionHasher(options);
  return {
    questionOf: (job) => questions.questionOf(job),
    lengthClassOf: lengthClass,
    async decode(jobs, signal) {
      checkJobs(jobs);
      for (const { onKnown } of jobs) {
        requireThat(onKnown === undefined, "a whole search keeps no answers for onKnown");
      }
      signal.throwIfAborted();
      return searchAll(options, jobs);
    },
  };
}

async function searchAll(
  options: SearchOptions,
  jobs: readonly DecodeJob[],
): Promise<readonly SearchOutcome[]> {
  const { target, beamWidth, policy = fixedWidths([]) } = options;
  const open = jobs.filter(({ exclusion }) => !exclusion.isDead(ROOT));
  if (open.length === 0) return jobs.map(() => NOTHING_LEFT);
  const outlook = {
    users: open.length,
    promptTokens: open.reduce((longest, { prompt }) => Math.max(longest, prompt.length), 0),
  };
  const widths = policy.widthsFor(outlook);
  const drafted = await draft(options, { jobs: open, widths });
  const requests = open.map(({ key, prompt, exclusion }, at): SearchRequest => {
    const request = { key, prompt, closed: closedLeavesOf(exclusion) };
    const prefixes = drafted.prefixes[at];
    return prefixes === undefined ? request : { ...request, drafted: prefixes };
  });
  const answers = await target.search(requests, { beamWidth });
  checkAnswerCount({ answers, requests });
  const answered = new Map(answers.map((answer, at) => [open[at]?.key, foundBy(answer)]));
  const sum = (value: (answer: SearchAnswer) => number) =>
    answers.reduce((total, answer) => total + value(answer), 0);
  const tokens = sum((answer) => answer.tokens);
  const milliseconds = drafted.milliseconds + sum((answer) => answer.milliseconds);
  policy.observe({ ...outlook, widths, tokens, milliseconds });
  return jobs.map(({ key, onSearched, onAnswer }) => {
    const outcome = answered.get(key) ?? NOTHING_LEFT;
    onSearched?.(recordOfWholeSearch(options.space.trie, outcome.beams));
    onAnswer?.(answerOf(options.space.trie, outcome.beams));
    return outcome;
  });
}

/** The prefixes drafted for each job, as `SearchRequest.drafted` has them; none without a width. */
async function draft(
  { drafter = emptyDrafter, space, beamWidth }: SearchOptions,
  { jobs, widths }: { jobs: readonly DecodeJob[]; widths: readonly number[] },
): Promise<{ prefixes: readonly Uint32Array[]; milliseconds: number }> {
  if (!widths.some((width) => width > 0)) return { prefixes: [], milliseconds: 0 };
  const { trie } = space;
  const leaves = trie.levelStart[trie.levels] ?? 0;
  const requests = jobs.map(({ key, name, prompt, history, exclusion }) => {
    const search = viewOf(new BeamSearch({ ...space, exclusion }, { beamWidth }));
    return { key, name, prompt, history, search, widths };
  });
  try {
    const drafts = await drafter.draft(requests);
    return {
      prefixes: requests.map(({ search }, at) => {
        const proposed = (drafts[at]?.levels ?? []).flatMap(({ prefixes }) => [...prefixes]);
        const { exclusion } = search.space;
        const useful = proposed.filter(
          (prefix) => prefix > ROOT && prefix < leaves && !exclusion.isDead(prefix),
        );
        return treeOf(trie, useful).prefixes;
      }),
      milliseconds: drafts.reduce((sum, { milliseconds = 0 }) => sum + milliseconds, 0),
    };
  } finally {
    drafter.release(jobs.map(({ key }) => key));
  }
}

/** The outcome of a user for whom everything is excluded: there is nothing to ask. */
const NOTHING_LEFT: SearchOutcome = {
  beams: { depth: 0, prefixes: new Uint32Array(), scores: new Float64Array() },
  cost: noCost,
};

function foundBy({ beams, nodes, tokens, draftedLevels }: SearchAnswer): SearchOutcome {
  for (const score of beams.scores) {
    if (score < Number.POSITIVE_INFINITY) continue;
    throw new DecodingError("NOT_A_NUMBER", `the model returned ${score} as a path's score`);
  }
  const steps = { acceptedSteps: draftedLevels, firstCallAcceptedSteps: draftedLevels };
  return { beams, cost: { calls: 1, nodes, missingNodes: nodes, draftHits: 0, tokens, ...steps } };
}

/** All leaves that an exclusion and its bases close, ascending. */
export function closedLeavesOf(exclusion: Exclusion): Uint32Array {
  const own = exclusion.closedLeaves();
  if (exclusion.base === undefined) return own;
  const others = closedLeavesOf(exclusion.base);
  if (own.length === 0) return others;
  const all = new Uint32Array(others.length + own.length);
  all.set(others);
  all.set(own, others.length);
  return all.sort();
}
