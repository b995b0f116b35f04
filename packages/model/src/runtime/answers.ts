import { childCount, type Trie } from "@nightbeam/catalogue";
import type { Scoring } from "@nightbeam/decoding";
import { headNames } from "../graph/head.js";
import { type Feeds, int32 } from "./feeds.js";
import { answerLength, type UserRows } from "./layout.js";

export interface HeadShape {
  readonly trie: Trie;
  readonly scoring: Scoring;
  readonly vocabularySize: number;
  readonly codeTokens: readonly Int32Array[];
}

/** The inputs of graph/head.ts: which rows are wanted, and which of their scores. */
export function packHead(shape: HeadShape, users: readonly UserRows[]): Feeds {
  const { trie, scoring, codeTokens } = shape;
  const outputs = Array.from({ length: scoring === "full" ? 1 : trie.levels }, () => ({
    rows: [] as number[],
    children: [] as number[],
  }));
  let row = 0;
  for (const { rows } of users) {
    for (const { prefix, depth, wanted } of rows) {
      const output = wanted ? outputs[scoring === "full" ? 0 : depth] : undefined;
      if (output !== undefined) {
        const tokens = codeTokens[depth];
        const width = scoring === "full" ? shape.vocabularySize : (tokens?.length ?? 0);
        const base = output.rows.length * width;
        output.rows.push(row);
        const end = trie.firstChild[prefix + 1] ?? 0;
        for (let child = trie.firstChild[prefix] ?? 0; child < end; child++) {
          const code = trie.codes[child] ?? 0;
          output.children.push(base + (scoring === "full" ? (tokens?.[code] ?? 0) : code));
        }
      }
      row++;
    }
  }
  return Object.fromEntries(
    outputs.flatMap(({ rows, children }, depth) => {
      const names = headNames(depth);
      return [
        [names.rows, int32(Int32Array.from(rows), [rows.length])],
        [names.children, int32(Int32Array.from(children), [children.length])],
      ];
    }),
  );
}

/** Each user's log-probabilities, as `ScoreAnswer` wants them. */
export function readAnswers(
  shape: HeadShape,
  call: { users: readonly UserRows[]; scores: readonly Float32Array[] },
): Float64Array[] {
  const { trie, scoring } = shape;
  const read = new Array<number>(call.scores.length).fill(0);
  return call.users.map(({ request, rows }) => {
    const answer = new Float64Array(answerLength(trie, request.tree));
    let at = 0;
    for (const { prefix, depth, wanted } of rows) {
      if (!wanted) continue;
      const output = scoring === "full" ? 0 : depth;
      const from = read[output] ?? 0;
      const count = childCount(trie, prefix);
      answer.set(call.scores[output]?.subarray(from, from + count) ?? [], at);
      if (scoring === "renormalized") normalise(answer.subarray(at, at + count));
      read[output] = from + count;
      at += count;
    }
    return answer;
  });
}

/** Logits to log-probabilities, in place. */
function normalise(logits: Float64Array): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (const logit of logits) largest = Math.max(largest, logit);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - largest);
  const normaliser = largest + Math.log(sum);
  for (let i = 0; i < logits.length; i++) logits[i] = (logits[i] ?? 0) - normaliser;
}
