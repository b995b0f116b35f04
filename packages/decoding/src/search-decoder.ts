import { type Exclusion, ROOT } from "@nightbeam/catalogue";
import {
  type BatchDecoder,
  checkJobs,
  type DecodeJob,
  type SearchOutcome,
} from "./batch-decoder.js";
import { type DraftPolicy, fixedWidths } from "./drafting/draft-policy.js";
import { type Drafter, emptyDrafter } from "./drafting/drafter.js";
import { DecodingError, requireThat, wholeNumber } from "./errors.js";
import { QuestionHasher } from "./question.js";
import { BeamSearch } from "./search/beam-search.js";
import { lengthClass } from "./search/length-class.js";
import { viewOf } from "./search/search.js";
import { noCost } from "./search/search-cost.js";
import type { SearchSpace } from "./search/search-space.js";
import type { SearchAnswer, Searcher, SearchRequest } from "./search/searcher.js";

export interface SearchOptions {
  /** The model whose lists are wanted. */
  readonly target: Searcher;
  readonly space: Omit<SearchSpace, "exclusion" | "ranking">;
  /** Prefixes that the search keeps at each level, which is the length of the lists. */
  readonly beamWidth: number;
  /** Guesses which prefixes the search will keep. Default: nothing is drafted. */
  readonly drafter?: Drafter | undefined;
  /** How much is drafted. Default: nothing. */
  readonly policy?: DraftPolicy | undefined;
  /** As in `SpeculativeOptions`. Default: none. */
  readonly versions?: Readonly<Record<string, string>> | undefined;
}

/**
 * Decodes with a target that runs whole searches: one call per batch. Lists are strict, and the same
 * with any draft. A job's `onKnown` is refused, as the target's log-probabilities stay with it.
 *
 * @throws DecodingError BAD_OPTION for wrong options; from `decode`, ANSWER_SIZE and NOT_A_NUMBER for
 * a target that breaks its contract, and what it throws
 */
export function searchDecoder(options: SearchOptions): BatchDecoder {
  const { target, space, beamWidth } = options;
  requireThat(typeof target?.search === "function", "target must be a Searcher");
  requireThat(space?.trie?.levels > 0, "space.trie must be the trie of a catalogue");
  wholeNumber(beamWidth, { name: "beam width", min: 1 });
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
  const outlook = {
    users: open.length,
    promptTokens: open.reduce((longest, { prompt }) => Math.max(longest, prompt.length), 0),
  };
  const widths = open.length === 0 ? [] : policy.widthsFor(outlook);
  const { drafted, milliseconds } = await draft(options, { jobs: open, widths });
  const requests = open.map((job, at): SearchRequest => {
    const request = { key: job.key, prompt: job.prompt, closed: closedLeavesOf(job.exclusion) };
    return drafted[at] === undefined ? request : { ...request, drafted: drafted[at] };
  });
  const answers = requests.length === 0 ? [] : await target.search(requests, { beamWidth });
  if (answers.length !== requests.length) {
    throw new DecodingError(
      "ANSWER_SIZE",
      `the model gave ${answers.length} answers to ${requests.length} requests`,
    );
  }
  const byKey = new Map(open.map(({ key }, at) => [key, answers[at]]));
  const outcomes = jobs.map(({ key }) => outcomeOf(byKey.get(key)));
  if (open.length > 0) {
    const tokens = answers.reduce((sum, answer) => sum + answer.tokens, 0);
    const worked = answers.reduce((sum, answer) => sum + answer.milliseconds, milliseconds);
    policy.observe({ ...outlook, widths, tokens, milliseconds: worked });
  }
  return outcomes;
}

/** The prefixes drafted for each job, ascending, and the time it took. */
async function draft(
  options: SearchOptions,
  { jobs, widths }: { jobs: readonly DecodeJob[]; widths: readonly number[] },
): Promise<{ drafted: readonly Uint32Array[]; milliseconds: number }> {
  if (!widths.some((width) => width > 0)) return { drafted: [], milliseconds: 0 };
  const { drafter = emptyDrafter, space, beamWidth } = options;
  try {
    const drafts = await drafter.draft(
      jobs.map(({ key, name, prompt, history, exclusion }) => {
        const search = viewOf(new BeamSearch({ ...space, exclusion }, { beamWidth }));
        return { key, name, prompt, history, search, widths };
      }),
    );
    const drafted = drafts.map(({ levels }) =>
      Uint32Array.from(new Set(levels.flatMap(({ prefixes }) => [...prefixes]))).sort(),
    );
    const milliseconds = drafts.reduce((sum, one) => sum + (one.milliseconds ?? 0), 0);
    return { drafted, milliseconds };
  } finally {
    drafter.release(jobs.map(({ key }) => key));
  }
}

/** A user for whom everything is excluded is not asked about, and gets an empty list. */
function outcomeOf(answer: SearchAnswer | undefined): SearchOutcome {
  if (answer === undefined) {
    const beams = { depth: 0, prefixes: new Uint32Array(), scores: new Float64Array() };
    return { beams, cost: noCost };
  }
  const { beams, nodes, tokens, draftedLevels } = answer;
  for (const score of beams.scores) {
    if (score < Number.POSITIVE_INFINITY) continue;
    throw new DecodingError("NOT_A_NUMBER", `the model returned ${score} as a path's score`);
  }
  return {
    beams,
    cost: {
      calls: 1,
      nodes,
      tokens,
      acceptedSteps: draftedLevels,
      firstCallAcceptedSteps: draftedLevels,
    },
  };
}

/** All leaves that an exclusion and its bases close, ascending. */
export function closedLeavesOf(exclusion: Exclusion): Uint32Array {
  const own = exclusion.closedLeaves();
  if (exclusion.base === undefined) return own;
  const all = closedLeavesOf(exclusion.base);
  if (own.length === 0) return all;
  const merged = new Uint32Array(all.length + own.length);
  merged.set(all);
  merged.set(own, all.length);
  return merged.sort();
}
