import { codesPerLevel, ROOT } from "@nightbeam/catalogue";
import { type BatchDecoder, checkJobs, type DecodeJob } from "./batch-decoder.js";
import { type DraftPolicy, fixedWidths } from "./drafting/draft-policy.js";
import { type Draft, type Drafter, type DraftRequest, emptyDrafter } from "./drafting/drafter.js";
import { requireThat } from "./errors.js";
import { QuestionHasher } from "./question.js";
import { answerOf } from "./reuse/answer.js";
import { certificateOf, type Evidence, usesOutside } from "./reuse/certificate.js";
import { OUTSIDE_CODES, outsideRows } from "./reuse/outside.js";
import { type BeamWidth, checkedBeamWidth, widestOf } from "./search/beam-width.js";
import type { Beams } from "./search/beams.js";
import { NeededNodes } from "./search/needed-nodes.js";
import { SearchRecorder } from "./search/recorded-search.js";
import { isWorthAsking, type Search, type SearchView, viewOf } from "./search/search.js";
import { addCall, noCost, type SearchCost } from "./search/search-cost.js";
import type { SearchSpace } from "./search/search-space.js";
import { answerRows, ask, type Row } from "./tree/answer-rows.js";
import { treeOf } from "./tree/beam-tree.js";
import { knownTree } from "./tree/known-tree.js";
import type { ScoreAnswer, ScoreRequest, Scorer } from "./tree/scorer.js";
import { beginSearch, type Verification } from "./verification/verification.js";

export interface SpeculativeOptions {
  /** The model whose lists are wanted. */
  readonly target: Scorer;
  readonly space: Omit<SearchSpace, "exclusion" | "ranking">;
  /** Prefixes that the search keeps at each level; those of the last are the length of the lists. */
  readonly beamWidth: BeamWidth;
  /** Default: strict. */
  readonly verification?: Verification | undefined;
  /** Guesses what the target will be asked. Default: nothing is drafted. */
  readonly drafter?: Drafter | undefined;
  /** How much is drafted. Default: nothing. */
  readonly policy?: DraftPolicy | undefined;
  /**
   * Versions of what decides the lists besides these options, such as hashes of the target and the
   * catalogue, for relaxed lists also of the draft. They are part of every question. Default: none.
   */
  readonly versions?: Readonly<Record<string, string>> | undefined;
}

/**
 * Decodes with a target that is asked for log-probabilities, round by round, and a drafter that
 * guesses what it will be asked next. Lists do not depend on the draft, unless they are relaxed.
 *
 * @throws DecodingError BAD_OPTION for wrong options; from `decode`, errors of scorers that break
 * their contract, and what the scorers throw
 */
export function speculativeDecoder(options: SpeculativeOptions): BatchDecoder {
  return roundsDecoder(options, {});
}

/** `speculativeDecoder` with a change to its loop that leaves the lists as they are. */
export function roundsDecoder(options: SpeculativeOptions, hooks: NeutralHooks): BatchDecoder {
  checkSpeculative(options);
  const questions = new QuestionHasher(options);
  let codes: Uint32Array | undefined;
  return {
    questionOf: (job) => questions.questionOf(job),
    maxUsers: maxUsers(options),
    async decode(jobs, signal) {
      const searches = await runRounds(options, { jobs, signal, hooks });
      return searches.map(({ job, search, cost, answered, evidence }) => {
        const { beams } = search.state;
        if (answered !== undefined) job.onKnown?.(knownTree(search, answered));
        if (evidence !== undefined) {
          codes ??= codesPerLevel(options.space.trie);
          const certificate = certificateOf(search, { ...evidence, codesPerLevel: codes });
          job.onAnswer?.(answerOf(search.space.trie, beams, certificate));
        }
        return { beams, cost };
      });
    },
  };
}

/** A user's search in progress. */
export interface ActiveSearch {
  readonly job: DecodeJob;
  readonly search: Search;
  cost: SearchCost;
  /** The target's answers, kept for `onKnown`. */
  readonly answered: Row[] | undefined;
  /** Follows the search, for `onSearched`. */
  readonly recorder: SearchRecorder | undefined;
  /** The prefixes that the search has kept at each level so far, the root's first. */
  readonly levels: readonly Beams[];
  /** What a certificate is made of, for `onAnswer`. */
  readonly evidence: Evidence | undefined;
  readonly needed: NeededNodes;
}

/** Ways to change the loop that decide what is asked when, and so no strict or sampled list. */
export interface NeutralHooks {
  /** Prefixes to ask about as well; those that are known or lead nowhere are ignored. Default: none. */
  extraPrefixes?(active: ActiveSearch): Iterable<number>;
  /** Called after each round with every search that it advanced. */
  afterRound?(search: SearchView & Pick<Search, "forgetAhead">): void;
}

/** Ways to change the loop; all of them are optional. */
export interface RoundHooks extends NeutralHooks {
  /**
   * Whether a search takes part in the next call. Default: while it asks. A search that stops earlier has
   * beams of less than full depth, and the list is up to the caller; one that goes on without asking is
   * there for its extra prefixes, and nothing is drafted for it.
   */
  isUnfinished?(active: ActiveSearch): boolean;
}

/**
 * The loop: draft, ask the target once for all users, let the searches run on, until none asks.
 *
 * A draft comes in twice. `requestFor` adds its prefixes to the request, so that the target answers
 * them early. `learnAndAdvance` shows its levels to the search, and only a relaxed one looks at them.
 */
export async function runRounds(
  options: SpeculativeOptions,
  run: { jobs: readonly DecodeJob[]; signal: AbortSignal; hooks: RoundHooks },
): Promise<readonly ActiveSearch[]> {
  const { target, drafter = emptyDrafter, policy = fixedWidths([]) } = options;
  const { jobs, signal, hooks } = run;
  checkJobs(jobs);
  const searches = jobs.map((job) => activeSearch(options, job));
  const outlook = { users: jobs.length, promptTokens: longestPrompt(jobs) };
  const widths = policy.widthsFor(outlook);
  const isDrafting = widths.some((width) => width > 0);
  let milliseconds = 0;
  try {
    for (;;) {
      const unfinished = searches.filter(
        (active) =>
          active.job.signal?.aborted !== true && (hooks.isUnfinished?.(active) ?? isAsking(active)),
      );
      if (unfinished.length === 0) break;
      signal.throwIfAborted();
      const asking = isDrafting ? unfinished.filter(isAsking) : [];
      const drafts =
        asking.length > 0
          ? await drafter.draft(asking.map((active) => draftRequest(active, widths)))
          : [];
      const draftOf = new Map(asking.map((active, at) => [active, drafts[at]]));
      const asked = unfinished.map((active) => {
        const draft = draftOf.get(active);
        const extra = hooks.extraPrefixes?.(active) ?? [];
        return { active, draft, request: requestFor(active, { draft, extra }) };
      });
      for (const { active, ...round } of await ask(target, asked)) {
        learnAndAdvance(active, round);
        hooks.afterRound?.(active.search);
        for (const one of [round.draft, round.answer]) milliseconds += one?.milliseconds ?? 0;
      }
    }
  } finally {
    const keys = jobs.map(({ key }) => key);
    target.release(keys);
    drafter.release(keys);
  }
  const tokens = searches.reduce((sum, { cost }) => sum + cost.tokens, 0);
  policy.observe({ ...outlook, widths, tokens, milliseconds });
  for (const active of searches) {
    const { job, search, recorder, cost, needed } = active;
    active.cost = { ...cost, draftHits: Math.max(0, needed.count - cost.missingNodes) };
    if (recorder !== undefined) job.onSearched?.(recorder.record(search));
  }
  return searches;
}

function isAsking({ search }: ActiveSearch): boolean {
  return search.state.kind === "asking";
}

function activeSearch(options: SpeculativeOptions, job: DecodeJob): ActiveSearch {
  const { beamWidth, verification } = options;
  const space = { ...options.space, exclusion: job.exclusion };
  const needed = new NeededNodes(space);
  const recorder = job.onSearched === undefined ? undefined : new SearchRecorder();
  // A relaxed list depends on the draft too, so it is never reused.
  const isReusable = job.onAnswer !== undefined && verification?.kind !== "relaxed";
  const levels: Beams[] = [];
  const evidence: Evidence | undefined = isReusable ? { levels, outside: new Map() } : undefined;
  const search = beginSearch(space, {
    ...{ beamWidth, verification, name: job.name },
    onKnown: job.onKnown,
    onLevel: (beams) => {
      needed.onLevel(beams);
      recorder?.onLevel(beams);
      levels.push(beams);
    },
  });
  const answered = job.onKnown === undefined ? undefined : [];
  return { job, search, cost: noCost, levels, answered, recorder, evidence, needed };
}

function longestPrompt(jobs: readonly DecodeJob[]): number {
  return jobs.reduce((longest, { prompt }) => Math.max(longest, prompt.length), 0);
}

function draftRequest({ job, search }: ActiveSearch, widths: readonly number[]): DraftRequest {
  const { key, name, prompt, history } = job;
  const { propose } = search;
  return { key, name, prompt, history, search: viewOf(search), propose, widths };
}

/** Asks for what the search misses, for what the draft expects it to ask next, and for extra prefixes. */
function requestFor(
  { job, search, evidence }: ActiveSearch,
  { draft, extra }: { draft: Draft | undefined; extra: Iterable<number> },
): ScoreRequest {
  const { state, space } = search;
  const wanted = state.kind === "asking" ? [...state.missing] : [];
  for (const prefixes of [...(draft?.levels ?? []).map(({ prefixes }) => prefixes), extra]) {
    for (const prefix of prefixes) if (isWorthAsking(search, prefix)) wanted.push(prefix);
  }
  const request = { key: job.key, prompt: job.prompt, tree: treeOf(space.trie, wanted) };
  return evidence !== undefined && usesOutside(space)
    ? { ...request, outside: OUTSIDE_CODES }
    : request;
}

/** Hands the answer to the search, lets it run on and counts the cost. */
function learnAndAdvance(
  active: ActiveSearch,
  round: { request: ScoreRequest; answer: ScoreAnswer; draft: Draft | undefined },
): void {
  const { search } = active;
  const { request, answer, draft } = round;
  const fromDepth = search.state.beams.depth;
  const { tree } = request;
  const rows = answerRows(search.space.trie, { tree, logProbs: answer.logProbs });
  const missing = search.state.kind === "asking" ? search.state.missing : [];
  active.recorder?.onCall({ missing, asked: rows.map(({ prefix }) => prefix) });
  for (const { prefix, logProbs } of rows) search.learn(prefix, logProbs);
  active.answered?.push(...rows);
  if (answer.outside !== undefined) {
    for (const [prefix, row] of outsideRows(tree, answer.outside)) {
      active.evidence?.outside.set(prefix, row);
    }
  }
  const nodes = rows.filter(({ prefix }) => prefix !== ROOT).length;
  const missingNodes = missing.filter((prefix) => prefix !== ROOT).length;
  const toDepth = search.advance(draft?.levels).beams.depth;
  const { tokens } = answer;
  active.cost = addCall(active.cost, { nodes, missingNodes, tokens, fromDepth, toDepth });
}

/** Users that share a call of the target: fewer if each has many beams. */
export function maxUsers({ target, beamWidth }: SpeculativeOptions): number | undefined {
  if (target.maxNodes === undefined) return undefined;
  return Math.max(1, Math.floor(target.maxNodes / widestOf(beamWidth)));
}

/** @throws DecodingError BAD_OPTION */
export function checkSpeculative(options: SpeculativeOptions): void {
  const { target } = options;
  const isScorer = typeof target?.score === "function" && typeof target.release === "function";
  requireThat(isScorer, "target must be a Scorer, with the methods score and release");
  checkSpace(options);
}

/** @throws DecodingError BAD_OPTION */
export function checkSpace({
  space,
  beamWidth,
}: Pick<SpeculativeOptions, "space" | "beamWidth">): void {
  requireThat(space?.trie?.levels > 0, "space.trie must be the trie of a catalogue");
  requireThat(
    space.scoring === "full" || space.scoring === "renormalized",
    `space.scoring must be full or renormalized, not ${space.scoring}`,
  );
  checkedBeamWidth(beamWidth, space.trie.levels);
}
