import type { Trie } from "@nightbeam/catalogue";
import type { SearchAnswer, SearchRequest } from "@nightbeam/decoding";
import { ProtocolError } from "../errors.js";
import type { SearchResponse } from "../generated/nightbeam/verifier/v1/verifier.js";
import { type Answered, timesOf, timingOf } from "./answers.js";
import { checkTimes, MAX_LOG_PROB, SUM_TOLERANCE } from "./check-rows.js";

/** A verifier's answer to a call for whole searches. */
export type SearchedCall = Answered<SearchAnswer>;

/** What an answer must fit. */
export interface SearchesAsked {
  readonly requests: readonly Pick<SearchRequest, "closed">[];
  readonly beamWidth: number;
}

/**
 * Encodes the answers to a call for whole searches.
 *
 * @throws ProtocolError BAD_ANSWER if the handler returned an answer too few, or one that is no list of leaves
 */
export function encodeSearchAnswers(
  trie: Trie,
  asked: SearchesAsked,
  searched: SearchedCall & { readonly draining: boolean },
): SearchResponse {
  const { answers, waitingTokens, runningTokens } = searched;
  expectUsers("answers", { found: answers.length, expected: asked.requests.length });
  answers.forEach((answer, user) => {
    checkAnswer(trie, { answer, user, asked });
  });
  const firstLeaf = firstLeafOf(trie);
  return {
    listSizes: answers.map(({ beams }) => beams.prefixes.length),
    paths: answers.flatMap(({ beams }) => [...beams.prefixes].map((leaf) => leaf - firstLeaf)),
    scores: answers.flatMap(({ beams }) => [...beams.scores]),
    draftedLevels: answers.map(({ draftedLevels }) => draftedLevels),
    nodes: answers.map(({ nodes }) => nodes),
    tokens: answers.map(({ tokens }) => tokens),
    milliseconds: answers.map(({ milliseconds }) => milliseconds),
    timing: timingOf(searched),
    load: { waitingTokens, runningTokens },
    draining: searched.draining,
  };
}

/**
 * Decodes the answers to a call for whole searches, and checks that they are lists that a search can
 * find. `milliseconds` has the precision of float32; everything else is exact.
 *
 * @throws ProtocolError BAD_ANSWER
 */
export function decodeSearchAnswers(
  trie: Trie,
  asked: SearchesAsked,
  response: SearchResponse,
): SearchAnswer[] {
  const users = asked.requests.length;
  const { listSizes, paths, scores, draftedLevels, nodes, tokens, milliseconds } = response;
  checkTimes(timesOf(response));
  const columns = { listSizes, draftedLevels, nodes, tokens, milliseconds };
  for (const [name, { length }] of Object.entries(columns)) {
    expectUsers(`column ${name}`, { found: length, expected: users });
  }
  const expected = listSizes.reduce((sum, size) => sum + size, 0);
  expectUsers("column paths", { found: paths.length, expected });
  expectUsers("column scores", { found: scores.length, expected });
  const firstLeaf = firstLeafOf(trie);
  let from = 0;
  return listSizes.map((size, user) => {
    const to = from + size;
    const prefixes = Uint32Array.from(paths.slice(from, to), (path) => firstLeaf + path);
    const beams = {
      depth: trie.levels,
      prefixes,
      scores: Float64Array.from(scores.slice(from, to)),
    };
    from = to;
    const answer = {
      beams: size === 0 ? { ...beams, depth: 0 } : beams,
      draftedLevels: draftedLevels[user] ?? 0,
      nodes: nodes[user] ?? 0,
      tokens: tokens[user] ?? 0,
      milliseconds: milliseconds[user] ?? 0,
    };
    checkAnswer(trie, { answer, user, asked });
    return answer;
  });
}

/** Maximum bytes of one user's answer: five counts and a time; per path a number and a score. */
export function searchAnswerBytes(beamWidth: number): number {
  return 5 * 4 + 4 + (5 + 8) * beamWidth;
}

/**
 * As many leaves as the search must find, open and different, best first, equal scores by code path. Paths
 * exclude each other, so their probabilities sum to at most 1.
 */
function checkAnswer(
  trie: Trie,
  { answer, user, asked }: { answer: SearchAnswer; user: number; asked: SearchesAsked },
): void {
  const { prefixes, scores } = answer.beams;
  const fail = (what: string): never => {
    throw new ProtocolError("BAD_ANSWER", `user ${user}: ${what}`);
  };
  const [firstLeaf, end] = [firstLeafOf(trie), trie.codes.length];
  const closed = asked.requests[user]?.closed ?? [];
  const expected = Math.min(asked.beamWidth, end - firstLeaf - closed.length);
  if (prefixes.length !== scores.length) fail(`${prefixes.length} paths, ${scores.length} scores`);
  if (prefixes.length !== expected) fail(`${prefixes.length} paths instead of ${expected}`);
  if (answer.draftedLevels > trie.levels) fail(`${answer.draftedLevels} levels were drafted`);
  let [leafBefore, scoreBefore] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  let sum = 0;
  for (let at = 0; at < prefixes.length; at++) {
    const leaf = prefixes[at] ?? 0;
    const score = scores[at] ?? Number.NaN;
    if (leaf < firstLeaf || leaf >= end) fail(`path ${at} is not in the catalogue`);
    if (score > MAX_LOG_PROB * trie.levels) fail(`path ${at} has score ${score}, above 0`);
    // NaN fails both comparisons.
    const isNext = score < scoreBefore || (score === scoreBefore && leaf > leafBefore);
    if (!isNext) fail(`path ${at} with score ${score} does not come after the one before it`);
    [leafBefore, scoreBefore] = [leaf, score];
    sum += Math.exp(score);
  }
  if (sum > 1 + SUM_TOLERANCE) fail(`the probabilities of the paths sum to ${sum}, more than 1`);
  const found = new Set(prefixes);
  if (found.size < prefixes.length) fail("a path is in the list twice");
  const forbidden = closed.findIndex((leaf) => found.has(leaf));
  if (forbidden >= 0) fail("a path is in the list that the user may not get");
}

function firstLeafOf({ levelStart, levels }: Trie): number {
  return levelStart[levels] ?? 0;
}

function expectUsers(what: string, { found, expected }: { found: number; expected: number }): void {
  if (found === expected) return;
  throw new ProtocolError("BAD_ANSWER", `${what}: expected ${expected}, got ${found}`);
}
