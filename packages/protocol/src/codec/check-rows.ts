import { childCount, ROOT, type Trie } from "@nightbeam/catalogue";
import type { ScoreRequest, Scoring } from "@nightbeam/decoding";
import { ProtocolError } from "../errors.js";

/**
 * How far above 0 a log-probability (nats) may be. Models compute log-softmax in float32, in which the
 * probability of a certain code may be rounded to a little more than 1.
 */
export const MAX_LOG_PROB = 1e-5;

/**
 * How far the probabilities of a row may sum to more than 1, or to less under `renormalized`. A float32
 * sum over 150,000 tokens is off by less than a hundredth of this.
 */
export const SUM_TOLERANCE = 1e-3;

/** Probabilities below this are not summed up: 2^16 of them are less than the tolerance. */
const LEAST_LOG_PROB = -18;

/**
 * Checks that a user's answer is one that a model can give: no NaN, no log-probability above 0, and in
 * each row probabilities that sum to at most 1, or to 1 under `renormalized`.
 *
 * @param rows Log-probabilities of the children of each wanted entry, concatenated; their number must fit
 * @throws ProtocolError BAD_ANSWER, which names the user and the prefix
 */
export function checkRows(
  trie: Trie,
  { tree }: Pick<ScoreRequest, "tree">,
  answered: { readonly rows: Float64Array; readonly scoring: Scoring; readonly user: number },
): void {
  const { rows, scoring, user } = answered;
  let from = 0;
  for (const entry of tree.wanted) {
    const prefix = tree.prefixes[entry] ?? ROOT;
    const to = from + childCount(trie, prefix);
    const problem = problemOf(rows, { from, to, scoring });
    if (problem !== undefined) {
      throw new ProtocolError("BAD_ANSWER", `user ${user}: after prefix ${prefix}, ${problem}`);
    }
    from = to;
  }
}

/** The loop over all numbers that a verifier sends: nothing is allocated in it. */
function problemOf(
  rows: Float64Array,
  { from, to, scoring }: { from: number; to: number; scoring: Scoring },
): string | undefined {
  let sum = 0;
  for (let at = from; at < to; at++) {
    const value = rows[at] ?? Number.NaN;
    // NaN fails the comparison. Minus infinity is a code that the model rules out.
    if (!(value <= MAX_LOG_PROB)) return `the log-probability of child ${at - from} is ${value}`;
    if (value > LEAST_LOG_PROB) sum += Math.exp(value);
  }
  if (sum > 1 + SUM_TOLERANCE) return `the probabilities sum to ${sum}, more than 1`;
  // A row without children is none.
  if (scoring === "renormalized" && sum < 1 - SUM_TOLERANCE && to > from) {
    return `the probabilities sum to ${sum} instead of 1`;
  }
  return undefined;
}

/**
 * Checks what every answer reports of its cost, which decides how later calls are drafted.
 *
 * @throws ProtocolError BAD_ANSWER
 */
export function checkTimes(times: readonly (readonly [name: string, value: number])[]): void {
  for (const [name, value] of times) {
    if (value >= 0 && value < Number.POSITIVE_INFINITY) continue;
    throw new ProtocolError("BAD_ANSWER", `${name} is ${value}: a time is finite and at least 0`);
  }
}
