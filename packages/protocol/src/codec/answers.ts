import { childCount, ROOT, type Trie } from "@nightbeam/catalogue";
import type { OutsideCodes, ScoreAnswer, ScoreRequest, Scoring } from "@nightbeam/decoding";
import { ProtocolError } from "../errors.js";
import type { Timing, VerifyResponse } from "../generated/nightbeam/verifier/v1/verifier.js";
import { checkRows, checkTimes } from "./check-rows.js";
import { bytesPerNumber, packNumbers, unpackNumbers } from "./numbers.js";
import {
  checkOutside,
  MAX_OUTSIDE,
  OUTSIDE_BYTES,
  outsideAnswers,
  outsideWidth,
} from "./outside-codes.js";

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
  const outside = outsideAnswers(requests, answers);
  const rows = answers.map(({ logProbs }) => logProbs);
  const { bytes, format } = packNumbers([...rows, ...outside.map(({ logProbs }) => logProbs)]);
  const end = (bytesPerNumber(format) ?? 0) * rows.reduce((sum, { length }) => sum + length, 0);
  return {
    logProbs: bytes.subarray(0, end),
    outsideLogProbs: bytes.subarray(end),
    outsideCodes: outside.flatMap(({ codes }) => [...codes]),
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
  const outside = decodeOutside(requests, response, size);
  return requests.map((request, user) => {
    const logProbs = pieces[user] ?? new Float64Array();
    checkRows(trie, request, { rows: logProbs, scoring, user });
    return {
      logProbs,
      ...(outside[user] !== undefined && { outside: outside[user] }),
      tokens: tokens[user] ?? 0,
      milliseconds: milliseconds[user] ?? 0,
    };
  });
}

/** By user; none if the verifier left them out. */
function decodeOutside(
  requests: readonly ScoreRequest[],
  { format, outsideCodes, outsideLogProbs }: VerifyResponse,
  numberBytes: number,
): readonly OutsideCodes[] {
  const width = outsideWidth(requests);
  const lengths = requests.map(({ tree }) => width * tree.wanted.length);
  const expected = lengths.reduce((sum, length) => sum + length, 0);
  const isEmpty = outsideCodes.length === 0 && outsideLogProbs.length === 0;
  if (isEmpty && (width === 0 || expected > 0)) return [];
  expect("outside_codes", { found: outsideCodes.length, expected });
  const bytes = numberBytes * expected;
  expect("bytes of outside_log_probs", { found: outsideLogProbs.length, expected: bytes });
  let from = 0;
  return unpackNumbers({ bytes: outsideLogProbs, format }, lengths).map((logProbs, user) => {
    const codes = outsideCodes.slice(from, from + logProbs.length);
    from += logProbs.length;
    return checkOutside({ codes, logProbs }, { user, width });
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

/** Maximum bytes of one user's answer: a row count, a time, its numbers, its codes outside the catalogue. */
export function answerBytes(trie: Trie, request: ScoreRequest): number {
  const { outside = 0, tree } = request;
  const outsideCodes = Math.min(MAX_OUTSIDE, outside) * tree.wanted.length;
  return 5 + 4 + 8 * wantedChildren(trie, request) + OUTSIDE_BYTES * outsideCodes;
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
