import { childCount, ROOT, type Trie } from "@nightbeam/catalogue";
import { DecodingError } from "../errors.js";
import type { BeamTree } from "./beam-tree.js";
import type { ScoreAnswer, ScoreRequest, Scorer } from "./scorer.js";

/** Log-probabilities (nats) of a prefix's children, in the trie's order. Shape [children]. */
export interface Row {
  readonly prefix: number;
  readonly logProbs: Float64Array;
}

/**
 * One call of a scorer. Returns what was asked, each with its answer.
 *
 * @throws DecodingError ANSWER_SIZE unless there is one answer per request; what the scorer throws
 */
export async function ask<Asked extends { readonly request: ScoreRequest }>(
  scorer: Scorer,
  asked: readonly Asked[],
): Promise<readonly (Asked & { readonly answer: ScoreAnswer })[]> {
  const answers = await scorer.score(asked.map(({ request }) => request));
  checkAnswerCount({ answers, requests: asked });
  const answered = asked.flatMap((one, at) => {
    const answer = answers[at];
    return answer === undefined ? [] : { ...one, answer };
  });
  // An array of the right length may have holes.
  checkAnswerCount({ answers: answered, requests: asked });
  return answered;
}

/** @throws DecodingError ANSWER_SIZE unless there is one answer per request */
export function checkAnswerCount(call: {
  answers: readonly unknown[];
  requests: readonly unknown[];
}): void {
  const { answers, requests } = call;
  if (answers.length === requests.length) return;
  throw new DecodingError(
    "ANSWER_SIZE",
    `the model gave ${answers.length} answers to ${requests.length} requests`,
  );
}

/**
 * Splits the answer to a tree into rows, in the tree's order. The rows are views of the answer.
 *
 * @throws DecodingError ANSWER_SIZE if the answer is longer or shorter than the rows together
 */
export function answerRows(
  trie: Trie,
  answered: { tree: BeamTree; logProbs: Float64Array },
): Row[] {
  const { tree, logProbs } = answered;
  const rows: Row[] = [];
  let from = 0;
  for (const entry of tree.wanted) {
    const prefix = tree.prefixes[entry] ?? ROOT;
    const to = from + childCount(trie, prefix);
    rows.push({ prefix, logProbs: logProbs.subarray(from, to) });
    from = to;
  }
  if (from === logProbs.length) return rows;
  throw new DecodingError(
    "ANSWER_SIZE",
    `the wanted prefixes have ${from} children in the catalogue, but ${logProbs.length} log-probabilities came back`,
  );
}

/**
 * Checks a row that a model returned.
 *
 * @throws DecodingError ANSWER_SIZE, NOT_A_NUMBER
 */
export function checkRow(trie: Trie, { prefix, logProbs }: Row): void {
  const children = childCount(trie, prefix);
  if (logProbs.length !== children) {
    throw new DecodingError(
      "ANSWER_SIZE",
      `prefix ${prefix} has ${children} children in the catalogue, but ${logProbs.length} log-probabilities came back`,
    );
  }
  for (let i = 0; i < children; i++) {
    // Minus infinity is a code that the model rules out; NaN and plus infinity fail the comparison.
    if (!((logProbs[i] ?? 0) < Number.POSITIVE_INFINITY)) {
      throw new DecodingError(
        "NOT_A_NUMBER",
        `the model returned ${logProbs[i]} as a log-probability after prefix ${prefix}`,
      );
    }
  }
}
