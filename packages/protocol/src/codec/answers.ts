import { childCount, ROOT, type Trie } from "@nightbeam/catalogue";
import type { ScoreAnswer, ScoreRequest, Scoring } from "@nightbeam/decoding";
import { ProtocolError } from "../errors.js";
import type { Timing, VerifyResponse } from "../generated/nightbeam/verifier/v1/verifier.js";
import { checkRows, checkTimes } from "./check-rows.js";
import { bytesPerNumber, packNumbers, unpackNumbers } from "./numbers.js";

/** A verifier's answer to a call. */
export interface Answered<Answer> {
  /** In the order of the requests. */
  readonly answers: readonly Answer[];
  /** Milliseconds until the call was put into a batch. */
  readonly queueMs: number;
  /** Milliseconds from then until the pass of the model started. */
  readonly batchWaitMs: number;
  /** Milliseconds of the passes of the model. */
  readonly computeMs: number;
  /** Milliseconds of the verifier: the call's part of its passes, divided by the passes that run at the same time. */
  readonly nodeMs: number;
  /** Rows (prompt tokens and entries) that are waiting in this verifier. */
  readonly waitingTokens: number;
  /** Rows of the running pass. */
  readonly runningTokens: number;
}

/** A verifier's answer to a tree call. */
export type VerifiedCall = Answered<ScoreAnswer>;

/**
 * Encodes the answers to a call.
 *
 * @throws ProtocolError BAD_ANSWER if the handler returned an answer too few or one of the wrong length
 */
export function encodeAnswers(
  trie: Trie,
  requests: readonly ScoreRequest[],
  answered: VerifiedCall & { readonly draining: boolean },
): VerifyResponse {
  const { answers, waitingTokens, runningTokens } = answered;
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
    timing: timingOf(answered),
    load: { waitingTokens, runningTokens },
    draining: answered.draining,
  };
}

/**
 * Decodes the answers to a call, and checks that a model can have given them: see `checkRows`.
 * `milliseconds` has the precision of float32; everything else is exact.
 *
 * @throws ProtocolError BAD_ANSWER
 */
export function decodeAnswers(
  trie: Trie,
  { requests, scoring }: { requests: readonly ScoreRequest[]; scoring: Scoring },
  response: VerifyResponse,
): ScoreAnswer[] {
  const { tokens, milliseconds, format } = response;
  checkTimes(timesOf(response));
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
  return requests.map((request, user) => {
    const logProbs = pieces[user] ?? new Float64Array();
    checkRows(trie, request, { rows: logProbs, scoring, user });
    return { logProbs, tokens: tokens[user] ?? 0, milliseconds: milliseconds[user] ?? 0 };
  });
}

/** The times of an answer as a message. */
export function timingOf({ queueMs, batchWaitMs, computeMs, nodeMs }: Answered<unknown>): Timing {
  return { queueMs, batchWaitMs, computeMs, nodeMs };
}

/** All times of a response, with their names. */
export function timesOf({
  milliseconds,
  timing,
}: Pick<VerifyResponse, "milliseconds" | "timing">): [string, number][] {
  return [
    ...milliseconds.map((time, user): [string, number] => [`user ${user}: milliseconds`, time]),
    ...Object.entries(timing ?? {}),
  ];
}

/** Maximum bytes of a response without its users' answers. */
export const RESPONSE_BYTES = 1024;

/** Maximum bytes of one user's answer: a row count, a time, its numbers. */
export function answerBytes(trie: Trie, request: ScoreRequest): number {
  return 5 + 4 + 8 * wantedChildren(trie, request);
}

/** The number of log-probabilities that a request asks for. */
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
  throw new ProtocolError("BAD_ANSWER", `${what}: expected ${expected}, got ${found}`);
}
