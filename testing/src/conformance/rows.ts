import { childCount, ROOT, type Trie } from "@nightbeam/catalogue";
import type { ScoreAnswer, ScoreRequest, Scorer } from "@nightbeam/decoding";

/** Log-probabilities of the children of every wanted prefix, by prefix. */
export type Rows = ReadonlyMap<number, Float64Array>;

/** Splits an answer into rows. @throws Error if its size does not match the request */
export function rowsOfAnswer(trie: Trie, request: ScoreRequest, answer: ScoreAnswer): Rows {
  const rows = new Map<number, Float64Array>();
  let from = 0;
  for (const entry of request.tree.wanted) {
    const prefix = request.tree.prefixes[entry] ?? ROOT;
    const to = from + childCount(trie, prefix);
    rows.set(prefix, answer.logProbs.slice(from, to));
    from = to;
  }
  if (from !== answer.logProbs.length) {
    throw new Error(`${answer.logProbs.length} log-probabilities came back, not ${from}`);
  }
  return rows;
}

/** Scores one request in a separate call, and releases it. */
export async function scoreAlone(scorer: Scorer, request: ScoreRequest): Promise<Float64Array> {
  const [answer] = await scorer.score([request]);
  scorer.release([request.key]);
  if (answer === undefined) throw new Error("no answer came back");
  return answer.logProbs;
}

/** Scores several requests in one call, and releases them. */
export async function scoreTogether(
  scorer: Scorer,
  requests: readonly ScoreRequest[],
): Promise<Float64Array[]> {
  const answers = await scorer.score(requests);
  scorer.release(requests.map(({ key }) => key));
  return answers.map(({ logProbs }) => logProbs);
}
