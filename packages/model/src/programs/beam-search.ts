import { searchNodes } from "@nightbeam/decoding";
import type { GraphContext } from "../architectures/graph-context.js";
import { packScoreColumns, SIZES } from "../architectures/inputs.js";
import { type Feeds, int32, positionTensor } from "../onnx/feeds.js";
import { writePrompts } from "./pack-run.js";
import { declarePromptBias, searchLevels, searchNames } from "./search/levels.js";
import { packSearch } from "./search/pack-search.js";
import { readSearches } from "./search/read.js";
import type { SearchSetup } from "./search/search-context.js";
import type { SearchProgram, SearchRun } from "./search/search-program.js";
import { trieTensors } from "./search/trie-tensors.js";

/** Names of the inputs of prompts. */
const names = { tokens: "tokens", positions: "positions", lastRows: "last_rows" };

/**
 * A user's whole beam search: the prompt once, then level by level the states of the beams. Keys and values
 * stay on the device, and nothing but the list leaves it.
 */
export function beamSearch(setup: SearchSetup): SearchProgram {
  return {
    outputs: [searchNames.leaves, searchNames.scores],
    build: (context) => buildSearch(context, setup),
    pack: (run) => {
      const { feeds, sizes } = packSearch(setup, run);
      const depths = Array.from({ length: setup.trie.levels - 1 }, (_, at) => at + 1);
      const columns = setup.onDevice ? packScoreColumns(run.promptLength, depths) : {};
      return { feeds: { ...feeds, ...packPrompts(run), ...columns }, sizes };
    },
    read: (run, outputs) => {
      const nodes = searchNodes(setup.trie, run.beamWidth);
      const lists = readSearches(outputs, { users: run.requests.length, trie: setup.trie });
      return lists.map((beams) => ({ beams, draftedLevels: 0, nodes }));
    },
  };
}

function buildSearch(graphContext: GraphContext, setup: SearchSetup): void {
  const programContext = { ...graphContext, ...setup };
  const context = { ...programContext, tensors: trieTensors(programContext) };
  const { graph, architecture } = context;
  const promptBias = declarePromptBias(graph);
  const prompts = architecture.promptStates(context, {
    tokens: graph.input(names.tokens, "int32", ["rows"]),
    positions: graph.input(names.positions, "int64", ["rows", 1]),
    lastRows: graph.input(names.lastRows, "int32", [SIZES.users]),
    promptBias,
  });
  let past = prompts.layers;
  searchLevels(context, {
    hidden: prompts.hidden,
    statesOf: (next) => {
      const states = architecture.levelStates(context, { nodes: { ...next, promptBias }, past });
      past = past.map((layer, at) => {
        const own = states.layers[at];
        return own === undefined ? layer : { ...layer, nodes: [...layer.nodes, own] };
      });
      return states.hidden;
    },
  });
}

function packPrompts({ requests, promptLength }: SearchRun): Feeds {
  const rows = requests.length * promptLength;
  const tokens = new Int32Array(rows);
  const positions = new Int32Array(rows);
  const prompts = requests.map(({ prompt }) => prompt);
  writePrompts(prompts, { promptLength, tokens, positions });
  const lastRows = Int32Array.from(prompts, ({ length }, user) => user * promptLength + length - 1);
  return {
    [names.tokens]: int32(tokens, [rows]),
    [names.positions]: positionTensor(positions, [rows, 1]),
    [names.lastRows]: int32(lastRows, [requests.length]),
  };
}
