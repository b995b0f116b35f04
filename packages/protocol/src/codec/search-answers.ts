import type { Trie } from "@nightbeam/catalogue";
import type { SearchAnswer } from "@nightbeam/decoding";
import { ProtocolError } from "../errors.js";
import type { SearchResponse } from "../generated/nightbeam/verifier/v1/verifier.js";
import type { Answered } from "./answers.js";

/** A verifier's answer to a call for whole searches. */
export type SearchedCall = Answered<SearchAnswer>;

/** What an answer must fit. */
export interface SearchesAsked {
  readonly users: number;
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
  const { answers, queueMs, batchWaitMs, computeMs, waitingTokens, runningTokens } = searched;
  expectUsers("answers", { found: answers.length, expected: asked.users });
  answers.forEach((answer, user) => {
    checkAnswer(trie, { answer, user, beamWidth: asked.beamWidth });
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
    timing: { queueMs, batchWaitMs, computeMs },
    load: { waitingTokens, runningTokens },
    draining: searched.draining,
  };
}

/**
 * Decodes the answers to a call for whole searches. `milliseconds` has the precision of float32; everything
 * else is exact.
 *
 * @throws ProtocolError BAD_ANSWER
 */
export function decodeSearchAnswers(
  trie: Trie,
  { users, beamWidth }: SearchesAsked,
  response: SearchResponse,
): SearchAnswer[] {
  const { listSizes, paths, scores, draftedLevels, nodes, tokens, milliseconds } = response;
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
    checkAnswer(trie, { answer, user, beamWidth });
    return answer;
  });
}

/** Maximum bytes of one user's answer: five counts and a time; per path a number and a score. */
export function searchAnswerBytes(beamWidth: number): number {
  return 5 * 4 + 4 + (5 + 8) * beamWidth;
}

/** Leaves, different, best first, equal scores by code path. */
function checkAnswer(
  trie: Trie,
  { answer, user, beamWidth }: { answer: SearchAnswer; user: number; beamWidth: number },
): void {
  const { prefixes, scores } = answer.beams;
  const fail = (what: string): never => {
    throw new ProtocolError("BAD_ANSWER", `user ${user}: ${what}`);
  };
  if (prefixes.length !== scores.length) fail(`${prefixes.length} paths, ${scores.length} scores`);
  if (prefixes.length > beamWidth) fail(`${prefixes.length} paths; the beam width is ${beamWidth}`);
  const [firstLeaf, end] = [firstLeafOf(trie), trie.codes.length];
  let [leafBefore, scoreBefore] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let at = 0; at < prefixes.length; at++) {
    const leaf = prefixes[at] ?? 0;
    const score = scores[at] ?? Number.NaN;
    if (leaf < firstLeaf || leaf >= end) fail(`path ${at} is not in the catalogue`);
    // NaN fails both comparisons.
    const isNext = score < scoreBefore || (score === scoreBefore && leaf > leafBefore);
    if (!isNext) fail(`path ${at} with score ${score} does not come after the one before it`);
    [leafBefore, scoreBefore] = [leaf, score];
  }
  if (new Set(prefixes).size < prefixes.length) fail("a path is in the list twice");
}

function firstLeafOf({ levelStart, levels }: Trie): number {
  return levelStart[levels] ?? 0;
}

function expectUsers(what: string, { found, expected }: { found: number; expected: number }): void {
  if (found === expected) return;
  throw new ProtocolError("BAD_ANSWER", `${what}: expected ${expected}, got ${found}`);
}
