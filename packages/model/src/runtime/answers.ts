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

/** How a call asks for scores, and how it reads them. */
export interface Answers {
  /** Outputs that hold scores. */
  readonly outputs: readonly string[];
  /** Inputs that say which scores are wanted. */
  pack(users: readonly UserRows[]): Feeds;
  /** @param scores what the outputs held */
  read(users: readonly UserRows[], scores: readonly Float32Array[]): Float64Array[];
}

/** Scores of the catalogue's children, as `ScoreAnswer` wants them: see graph/head.ts. */
export function childAnswers(shape: HeadShape): Answers {
  const depths = shape.scoring === "full" ? 1 : shape.trie.levels;
  return {
    outputs: Array.from({ length: depths }, (_, depth) => headNames(depth).scores),
    pack: (users) => packHead(shape, users),
    read: (users, scores) => readAnswers(shape, { users, scores }),
  };
}

/** Wanted rows of one output of the head, and which of their scores. */
interface HeadRows {
  readonly rows: Int32Array;
  readonly children: Int32Array;
  rowCount: number;
  childCount: number;
}

/** The inputs of graph/head.ts: which rows are wanted, and which of their scores. */
function packHead(shape: HeadShape, users: readonly UserRows[]): Feeds {
  const { trie, codeTokens } = shape;
  const isFull = shape.scoring === "full";
  const outputs = emptyRows(shape, users);
  let row = 0;
  for (const { count, prefixes, depths, wanted } of users) {
    for (let at = 0; at < count; at++, row++) {
      const depth = depths[at] ?? 0;
      const output = outputs[isFull ? 0 : depth];
      if (wanted[at] !== 1 || output === undefined) continue;
      const tokens = codeTokens[depth] ?? new Int32Array();
      const base = output.rowCount * (isFull ? shape.vocabularySize : tokens.length);
      output.rows[output.rowCount++] = row;
      const prefix = prefixes[at] ?? 0;
      const end = trie.firstChild[prefix + 1] ?? 0;
      for (let child = trie.firstChild[prefix] ?? 0; child < end; child++) {
        const code = trie.codes[child] ?? 0;
        output.children[output.childCount++] = base + (isFull ? (tokens[code] ?? 0) : code);
      }
    }
  }
  return Object.fromEntries(
    outputs.flatMap(({ rows, children }, depth) => {
      const names = headNames(depth);
      return [
        [names.rows, int32(rows, [rows.length])],
        [names.children, int32(children, [children.length])],
      ];
    }),
  );
}

/** Arrays of the right size for every output: one under `full`, one a depth under `renormalized`. */
function emptyRows(shape: HeadShape, users: readonly UserRows[]): HeadRows[] {
  const isFull = shape.scoring === "full";
  const rows = new Array<number>(isFull ? 1 : shape.trie.levels).fill(0);
  const children = rows.slice();
  for (const { count, prefixes, depths, wanted } of users) {
    for (let at = 0; at < count; at++) {
      if (wanted[at] !== 1) continue;
      const output = isFull ? 0 : (depths[at] ?? 0);
      rows[output] = (rows[output] ?? 0) + 1;
      children[output] = (children[output] ?? 0) + childCount(shape.trie, prefixes[at] ?? 0);
    }
  }
  return rows.map((size, output) => ({
    rows: new Int32Array(size),
    children: new Int32Array(children[output] ?? 0),
    rowCount: 0,
    childCount: 0,
  }));
}

/** Each user's log-probabilities, as `ScoreAnswer` wants them. */
function readAnswers(
  shape: HeadShape,
  call: { users: readonly UserRows[]; scores: readonly Float32Array[] },
): Float64Array[] {
  const { trie } = shape;
  const isFull = shape.scoring === "full";
  const read = new Array<number>(call.scores.length).fill(0);
  return call.users.map(({ request, count, prefixes, depths, wanted }) => {
    const answer = new Float64Array(answerLength(trie, request.tree));
    if (isFull) {
      // One output holds all users' answers, in the order in which they are wanted.
      const from = read[0] ?? 0;
      answer.set(call.scores[0]?.subarray(from, from + answer.length) ?? []);
      read[0] = from + answer.length;
      return answer;
    }
    let to = 0;
    for (let at = 0; at < count; at++) {
      if (wanted[at] !== 1) continue;
      const depth = depths[at] ?? 0;
      const from = read[depth] ?? 0;
      const children = childCount(trie, prefixes[at] ?? 0);
      answer.set(call.scores[depth]?.subarray(from, from + children) ?? [], to);
      normalise(answer.subarray(to, to + children));
      read[depth] = from + children;
      to += children;
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
