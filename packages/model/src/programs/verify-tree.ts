import { ROOT } from "@nightbeam/catalogue";
import { treeOf } from "@nightbeam/decoding";
import type { LayerPast, NodeMemory } from "../architectures/architecture.js";
import type { GraphContext } from "../architectures/graph-context.js";
import { declareNodes, SIZES } from "../architectures/inputs.js";
import { int32, type RunInputs } from "../onnx/feeds.js";
import type { Value } from "../onnx/graph-builder.js";
import type { RunOutputs } from "../onnx/outputs.js";
import { type NodeRows, nodeRows } from "./node-rows.js";
import { packRun } from "./pack-run.js";
import { draftedRows, missingName, packDrafted } from "./search/drafted.js";
import { declarePromptBias, type NextNodes, searchLevels, searchNames } from "./search/levels.js";
import { packSearch } from "./search/pack-search.js";
import { readSearches } from "./search/read.js";
import { packRepairs, repairNodes } from "./search/repairs.js";
import type { SearchContext, SearchSetup } from "./search/search-context.js";
import type { FoundList, SearchProgram, SearchRun } from "./search/search-program.js";
import { beamsByDepth } from "./search/sizes.js";
import { trieTensors } from "./search/trie-tensors.js";

/** Row of each user's root among the states. int32 [B]. */
const ROOT_ROWS = "root_rows";

/**
 * A user's whole beam search with a drafted tree: prompt and tree are computed together, and the search
 * takes the states of its beams from there. A depth of which any user's beam was not drafted is computed
 * in the same run. The list does not depend on the draft.
 */
export function verifyTree(setup: SearchSetup): SearchProgram {
  const depths = Array.from({ length: setup.trie.levels - 1 }, (_, at) => at + 1);
  const missing = depths.map(missingName);
  return {
    outputs: [searchNames.leaves, searchNames.scores, ...missing],
    build: (context) => buildVerification(context, setup),
    pack: (run) => pack(setup, run),
    read: (run, outputs) => read(setup, { run, outputs, missing }),
  };
}

function buildVerification(graphContext: GraphContext, setup: SearchSetup): void {
  const programContext = { ...graphContext, ...setup };
  const context = { ...programContext, tensors: trieTensors(programContext) };
  const { graph, architecture } = context;
  const promptBias = declarePromptBias(graph);
  const nodes = { ...declareNodes(context), promptBias };
  const tree = architecture.nodeStates(context, { nodes, prompts: { kind: "tokens" } });
  const rootRows = graph.input(ROOT_ROWS, "int32", [SIZES.users]);
  const rootOf = (value: Value) => graph.node("Gather", [value, rootRows]);
  let past: readonly LayerPast[] = tree.layers.map(({ prompts, nodes: { keys, values } }) => ({
    prompts,
    nodes: architecture.firstAncestor === 0 ? [{ keys: rootOf(keys), values: rootOf(values) }] : [],
  }));
  searchLevels(context, {
    hidden: rootOf(tree.hidden),
    statesOf: (next) => {
      const { rows, complete } = draftedRows(context, next.beams);
      const take = (value: Value) => graph.node("Gather", [value, rows]);
      const repair = repairOf(context, { next, past, promptBias });
      const [hidden = "", ...memory] = graph.either(complete, {
        types: Array.from({ length: 1 + 2 * past.length }, () => context.numbers),
        ifTrue: () => [tree.hidden, ...flat(tree.layers.map((layer) => layer.nodes))].map(take),
        ifFalse: repair,
      });
      past = past.map((layer, at) => {
        const [keys = "", values = ""] = memory.slice(2 * at);
        return { ...layer, nodes: [...layer.nodes, { keys, values }] };
      });
      return hidden;
    },
  });
}

/** Keys and values of all layers, one after the other. */
const flat = (layers: readonly NodeMemory[]) =>
  layers.flatMap(({ keys, values }) => [keys, values]);

/** Computes the beams of a depth: their hidden states, keys and values. */
function repairOf(
  context: SearchContext,
  options: { next: NextNodes; past: readonly LayerPast[]; promptBias: Value },
): () => Value[] {
  const { architecture } = context;
  const nodes = repairNodes(context, options);
  return () => {
    const states = architecture.nodeStates(context, {
      nodes,
      prompts: { kind: "memory", layers: options.past },
    });
    return [states.hidden, ...flat(states.layers.map((layer) => layer.nodes))];
  };
}

function treesOf(
  { trie, architecture }: SearchSetup,
  { requests }: SearchRun,
): NodeRows<SearchRun["requests"][number]>[] {
  return requests.map((request) =>
    nodeRows(request, {
      tree: treeOf(trie, [ROOT, ...(request.drafted ?? [])]),
      architecture,
      levels: trie.levels,
      cachedRow: () => undefined,
    }),
  );
}

function pack(setup: SearchSetup, run: SearchRun): RunInputs {
  const { trie } = setup;
  const users = run.requests.length;
  const trees = treesOf(setup, run);
  const parts = [
    packSearch(setup, run),
    packRun(setup, { requests: trees, promptLength: run.promptLength, cachedRows: undefined }),
    packDrafted(trees, trie),
    packRepairs(setup.architecture, {
      users,
      beams: beamsByDepth(trie, run.beamWidth),
      levels: trie.levels,
    }),
  ];
  const rootRows = new Int32Array(users);
  let row = 0;
  trees.forEach(({ count }, user) => {
    rootRows[user] = row;
    row += count;
  });
  return {
    feeds: Object.assign(
      { [ROOT_ROWS]: int32(rootRows, [users]) },
      ...parts.map(({ feeds }) => feeds),
    ),
    sizes: Object.assign({}, ...parts.map(({ sizes }) => sizes)),
  };
}

function read(
  { trie }: SearchSetup,
  options: { run: SearchRun; outputs: RunOutputs; missing: readonly string[] },
): FoundList[] {
  const { run, outputs, missing } = options;
  const counts = missing.map((name) => outputs.floats(name));
  const beams = beamsByDepth(trie, run.beamWidth);
  const repaired = counts.reduce(
    (sum, ofUsers, at) => sum + (ofUsers.some((count) => count > 0) ? (beams[at + 1] ?? 0) : 0),
    0,
  );
  const lists = readSearches(outputs, { users: run.requests.length, trie });
  return lists.map((found, user) => ({
    beams: found,
    draftedLevels: counts.filter((ofUsers) => ofUsers[user] === 0).length,
    nodes: (run.requests[user]?.drafted?.length ?? 0) + repaired,
  }));
}
