import { childCodes, childCount, ROOT, type Trie } from "@nightbeam/catalogue";
import { type BeamTree, logSoftmax, type ScoreRequest } from "@nightbeam/decoding";
import { type Feeds, int32 } from "../onnx/feeds.js";
import type { Value } from "../onnx/graph-builder.js";
import type { NodeRows } from "./node-rows.js";
import { addLogSoftmax, logits } from "./output-layer.js";
import { OutsideFinder, wantsOutside } from "./outside-codes.js";
import type {
  Program,
  ProgramContext,
  ProgramSetup,
  PromptRequest,
  TreeScores,
} from "./program.js";

/** Names of what belongs to one depth: which nodes are wanted, which of their codes, and the scores. */
const names = (depth: number) => ({
  rows: `wanted_rows_${depth}`,
  children: `wanted_children_${depth}`,
  scores: `scores_${depth}`,
});

/**
 * Scores of the catalogue's children of wanted nodes, and nothing else, so that little leaves the model.
 *
 * `full`: one output `scores_0`, log-probabilities over the whole vocabulary, for all wanted nodes;
 * `wanted_children_0` indexes the flattened [W, vocabulary].
 * `renormalized`: one output per depth, logits; `wanted_children_<depth>` indexes the flattened
 * [W of the depth, codes of the level]. They are normalised over a prefix's children, which only the
 * catalogue knows, when the answer is read.
 */
export function treeScores(setup: ProgramSetup): Program<ScoreRequest, TreeScores> {
  const depths = setup.scoring === "full" ? 1 : setup.trie.levels;
  const outputNames = Array.from({ length: depths }, (_, depth) => names(depth).scores);
  return {
    outputs: outputNames,
    treeOf: ({ tree }) => tree,
    build: (graphContext, { hidden }) => {
      const context = { ...graphContext, ...setup };
      for (let depth = 0; depth < depths; depth++) outputScores(context, { hidden, depth });
    },
    pack: (requests) => packWanted(setup, requests),
    read: (requests, outputs) => {
      const scores = outputNames.map((name) => outputs.floats(name));
      return readScores(setup, { requests, scores });
    },
    buffersOf: ({ logProbs, outside }) =>
      [logProbs, outside?.codes, outside?.logProbs].flatMap((array) => array?.buffer ?? []),
  };
}

function outputScores(
  context: ProgramContext,
  { hidden, depth }: { hidden: Value; depth: number },
): void {
  const { graph, scoring } = context;
  const { rows, children, scores } = names(depth);
  const wanted = graph.node("Gather", [hidden, graph.input(rows, "int32", [`wanted_${depth}`])]);
  const scored = logits(context, { hidden: wanted, level: depth });
  const value = graph.node("Gather", [
    graph.node("Reshape", [
      scoring === "full" ? addLogSoftmax(context, scored) : scored,
      graph.int64s([-1]),
    ]),
    graph.input(children, "int32", [`children_${depth}`]),
  ]);
  graph.output(scores, { value, type: "float", shape: [`children_${depth}`] });
}

/** Wanted rows of one output, and which of their scores. */
interface WantedRows {
  readonly rows: Int32Array;
  readonly children: Int32Array;
  rowCount: number;
  childCount: number;
}

/** The inputs: which rows are wanted, and which of their scores. */
function packWanted(setup: ProgramSetup, requests: readonly NodeRows<PromptRequest>[]): Feeds {
  const { trie, codeTokens } = setup;
  const isFull = setup.scoring === "full";
  const outputs = emptyRows(setup, requests);
  let row = 0;
  for (const { request, count, prefixes, depths, wanted } of requests) {
    for (let at = 0; at < count; at++, row++) {
      const depth = depths[at] ?? 0;
      const output = outputs[isFull ? 0 : depth];
      if (wanted[at] !== 1 || output === undefined) continue;
      const tokens = codeTokens[depth] ?? new Int32Array();
      const base = output.rowCount * (isFull ? setup.architecture.vocabularySize : tokens.length);
      output.rows[output.rowCount++] = row;
      if (wantsOutside(setup, request)) {
        for (const token of tokens) output.children[output.childCount++] = base + token;
        continue;
      }
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
      const inputs = names(depth);
      return [
        [inputs.rows, int32(rows, [rows.length])],
        [inputs.children, int32(children, [children.length])],
      ];
    }),
  );
}

/** Arrays of the right size for every output: one under `full`, one per depth under `renormalized`. */
function emptyRows(
  setup: ProgramSetup,
  requests: readonly NodeRows<PromptRequest>[],
): WantedRows[] {
  const isFull = setup.scoring === "full";
  const rows = new Array<number>(isFull ? 1 : setup.trie.levels).fill(0);
  const children = rows.slice();
  for (const { request, count, prefixes, depths, wanted } of requests) {
    for (let at = 0; at < count; at++) {
      if (wanted[at] !== 1) continue;
      const scores = wantsOutside(setup, request)
        ? (setup.codeTokens[depths[at] ?? 0]?.length ?? 0)
        : childCount(setup.trie, prefixes[at] ?? 0);
      const output = isFull ? 0 : (depths[at] ?? 0);
      rows[output] = (rows[output] ?? 0) + 1;
      children[output] = (children[output] ?? 0) + scores;
    }
  }
  return rows.map((size, output) => ({
    rows: new Int32Array(size),
    children: new Int32Array(children[output] ?? 0),
    rowCount: 0,
    childCount: 0,
  }));
}

/** Each request's log-probabilities, as `ScoreAnswer` has them. */
function readScores(
  setup: ProgramSetup,
  run: {
    requests: readonly NodeRows<ScoreRequest>[];
    /** By depth; all in one under `full`. */
    scores: readonly Float32Array[];
  },
): TreeScores[] {
  const { trie } = setup;
  const isFull = setup.scoring === "full";
  const { requests, scores } = run;
  const read = new Array<number>(scores.length).fill(0);
  return requests.map((rows) => {
    const { request, count, prefixes, depths, wanted } = rows;
    const logProbs = new Float64Array(answerLength(trie, request.tree));
    if (wantsOutside(setup, request)) {
      const answer = readWholeRows(setup, { rows, scores: scores[0]?.subarray(read[0]) });
      read[0] = (read[0] ?? 0) + answer.length;
      return { logProbs: answer.logProbs, outside: answer.outside };
    }
    if (isFull) {
      // One output holds all answers, in the order in which they are wanted.
      const from = read[0] ?? 0;
      logProbs.set(scores[0]?.subarray(from, from + logProbs.length) ?? []);
      read[0] = from + logProbs.length;
      return { logProbs };
    }
    let to = 0;
    for (let at = 0; at < count; at++) {
      if (wanted[at] !== 1) continue;
      const depth = depths[at] ?? 0;
      const from = read[depth] ?? 0;
      const children = childCount(trie, prefixes[at] ?? 0);
      logProbs.set(scores[depth]?.subarray(from, from + children) ?? [], to);
      normalise(logProbs.subarray(to, to + children));
      read[depth] = from + children;
      to += children;
    }
    return { logProbs };
  });
}

/** A request's answer with codes outside the catalogue, from the scores of all codes of each wanted node's level. */
function readWholeRows(
  { trie, codeTokens }: ProgramSetup,
  read: { rows: NodeRows<ScoreRequest>; scores: Float32Array | undefined },
): TreeScores & { readonly length: number } {
  const { rows, scores = new Float32Array() } = read;
  const { request, count, prefixes, depths, wanted } = rows;
  const logProbs = new Float64Array(answerLength(trie, request.tree));
  const outside = new OutsideFinder(request);
  let [from, to] = [0, 0];
  for (let at = 0; at < count; at++) {
    if (wanted[at] !== 1) continue;
    const codes = codeTokens[depths[at] ?? 0]?.length ?? 0;
    const row = scores.subarray(from, from + codes);
    const children = childCodes(trie, prefixes[at] ?? 0);
    for (const code of children) logProbs[to++] = row[code] ?? 0;
    outside.add(row, children);
    from += codes;
  }
  return { logProbs, outside: outside.finish(), length: from };
}

/** Children of all wanted entries of a tree: the length of the answer. */
function answerLength(trie: Trie, tree: BeamTree): number {
  return tree.wanted.reduce(
    (sum, entry) => sum + childCount(trie, tree.prefixes[entry] ?? ROOT),
    0,
  );
}

/** Logits of a prefix's children to log-probabilities, in place; NaN if all of them are impossible. */
function normalise(logits: Float64Array): void {
  // A model that allows no next code is broken: the reader of the row refuses NaN.
  if (logSoftmax(logits) === Number.NEGATIVE_INFINITY) logits.fill(Number.NaN);
}
