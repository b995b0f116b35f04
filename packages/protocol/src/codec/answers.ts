import { childCount, ROOT, type Trie } from "@nightbeam/catalogue";
import type { ScoreAnswer, ScoreRequest } from "@nightbeam/decoding";
import { ProtocolError } from "../errors.js";
import type { VerifyResponse } from "../generated/nightbeam/verifier/v1/verifier.js";
import { bytesPerNumber, packNumbers, unpackNumbers } from "./numbers.js";

/** A verifier's answer to a call. */
export interface VerifiedCall {
  /** In the order of the requests. */
  readonly answers: readonly ScoreAnswer[];
  /** Milliseconds until the call was given a place in a batch. */
  readonly queueMs: number;
  /** Milliseconds from there until the model began. */
  readonly batchWaitMs: number;
  /** Milliseconds of the model's passes. */
  readonly computeMs: number;
  /** Rows (prompt tokens and entries) that wait in this verifier. */
  readonly waitingTokens: number;
  /** Rows of the pass that is running. */
  readonly runningTokens: number;
}

/**
 * Packs the answers to a call.
 *
 * @throws ProtocolError BAD_ANSWER where an answer is missing or has another length than its request
 *   asks for: a mistake of the handler
 */
export function encodeAnswers(
  trie: Trie,
  requests: readonly ScoreRequest[],
  answered: VerifiedCall & { readonly draining: boolean },
): VerifyResponse {
  const { answers, queueMs, batchWaitMs, computeMs, waitingTokens, runningTokens } = answered;
  expect("answers", { found: answers.length, expected: requests.length });
  answers.forEach(({ logProbs }, user) => {
    const expected = wantedChildren(trie, requests[user]);
    expect(`user ${user}: log-probabilities`, { found: logProbs.length, expected });
  });
  const { bytes, format } = packNumbers(answers.map(({ logProbs }) => logProbs));
  return {
    logProbs: bytes,
    format,
    tokens: answers.map(({ tokens }) => tokens),
    milliseconds: answers.map(({ milliseconds }) => milliseconds),
    timing: { queueMs, batchWaitMs, computeMs },
    load: { waitingTokens, runningTokens },
    draining: answered.draining,
  };
}

/**
 * Unpacks the answers to a call. `milliseconds` has the precision of float32; all else is exact.
 *
 * @throws ProtocolError BAD_ANSWER
 */
export function decodeAnswers(
  trie: Trie,
  requests: readonly ScoreRequest[],
  response: VerifyResponse,
): ScoreAnswer[] {
  const { tokens, milliseconds, format } = response;
  expect("column tokens", { found: tokens.length, expected: requests.length });
  expect("column milliseconds", { found: milliseconds.length, expected: requests.length });
  const size = bytesPerNumber(format);
  if (size === undefined) {
    throw new ProtocolError("BAD_ANSWER", `number format ${format} is not known to this version`);
  }
  const lengths = requests.map((request) => wantedChildren(trie, request));
  const expected = size * lengths.reduce((sum, length) => sum + length, 0);
  expect("bytes of log_probs", { found: response.logProbs.length, expected });
  const pieces = unpackNumbers({ bytes: response.logProbs, format }, lengths);
  return pieces.map((logProbs, user) => ({
    logProbs,
    tokens: tokens[user] ?? 0,
    milliseconds: milliseconds[user] ?? 0,
  }));
}

/** Most bytes of a response beyond its users' answers. */
export const RESPONSE_BYTES = 1024;

/** Most bytes that the answer to a request adds to a response: a row count, a time, its numbers. */
export function answerBytes(trie: Trie, request: ScoreRequest): number {
  return 5 + 4 + 8 * wantedChildren(trie, request);
}

/** Log-probabilities that a request asks for. */
function wantedChildren(trie: Trie, request: ScoreRequest | undefined): number {
  if (request === undefined) return 0;
  const { prefixes, wanted } = request.tree;
  let children = 0;
  for (let at = 0; at < wanted.length; at++) {
    children += childCount(trie, prefixes[wanted[at] ?? 0] ?? ROOT);
  }
  return children;
}

function expect(what: string, { found, expected }: { found: number; expected: number }): void {
  if (found === expected) return;
  throw new ProtocolError("BAD_ANSWER", `${what}: ${expected} are asked for, ${found} came`);
}
