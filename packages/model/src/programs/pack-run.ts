import type { ReadonlyInt32Array } from "@nightbeam/catalogue";
import { maxAncestorsOf } from "../architectures/architecture.js";
import { linePlaces } from "../architectures/attention/line-sums.js";
import { packScoreColumns, SIZES } from "../architectures/inputs.js";
import { type Feeds, float32, int32, positionTensor, type RunInputs } from "../onnx/feeds.js";
import { NO_ANCESTOR, type NodeRows } from "./node-rows.js";
import type { ProgramSetup, PromptRequest } from "./program.js";

/** What packing needs to know of the model and the catalogue. */
type PackingSetup = Pick<ProgramSetup, "architecture" | "trie" | "codeTokens" | "onDevice">;

/** Requests that one execution of a graph answers. */
export interface Run<Request extends PromptRequest = PromptRequest> {
  readonly requests: readonly NodeRows<Request>[];
  /** Tokens of every prompt, padding included. */
  readonly promptLength: number;
  /** First tokens of every prompt that the run does not compute, as an earlier one has. Default: none. */
  readonly start?: number;
  /** Nodes of each request in the prompt cache, or undefined if the run computes the prompts. */
  readonly cachedRows: readonly number[] | undefined;
}

/** The inputs that all programs of trees share (architectures/inputs.ts), without keys and values. */
export function packRun(setup: PackingSetup, run: Run): Required<RunInputs> {
  const { requests, promptLength, start = 0 } = run;
  const { nodes, maxNodes } = extent(requests);
  const maxAncestors = maxAncestorsOf(setup.architecture, setup.trie);
  const ancestors = setup.onDevice ? maxAncestors : placesOf(setup, requests);
  return {
    feeds: {
      ...packRows(setup, { ...run, nodes }),
      ...packPlaces(requests, { nodes, maxNodes }),
      ...packAncestors(setup, { ...run, nodes, ancestors }),
      ...(setup.onDevice ? packScoreColumns(promptLength, [maxAncestors]) : {}),
    },
    sizes: {
      [SIZES.users]: requests.length,
      [SIZES.prompt]: promptLength,
      [SIZES.start]: start,
      [SIZES.afterStart]: promptLength - start,
      [SIZES.firstHidden]: start + 1,
      [SIZES.promptRows]: requests.length * (promptLength - start),
      [SIZES.nodes]: nodes,
      [SIZES.slots]: maxNodes,
      [SIZES.ancestors]: ancestors,
      [SIZES.ancestorPadding]: maxAncestors - ancestors,
    },
  };
}

/** Places for the ancestors of a run's nodes, themselves included. */
function placesOf({ architecture, trie }: PackingSetup, requests: readonly NodeRows[]): number {
  const deepest = requests.reduce(
    (depth, { depths, count }) => Math.max(depth, ...depths.subarray(count - 1, count)),
    0,
  );
  const longest = Math.max(1, deepest + 1 - architecture.firstAncestor);
  return linePlaces(longest, { max: maxAncestorsOf(architecture, trie) });
}

/** Nodes in all, and slots per request in the padded layout. */
function extent(requests: readonly NodeRows[]): { nodes: number; maxNodes: number } {
  let nodes = 0;
  // Never 1: onnxruntime multiplies a single row with another kernel, which rounds differently, and a
  // node's bits would depend on how many nodes the other requests have.
  let maxNodes = 2;
  for (const { count } of requests) {
    nodes += count;
    maxNodes = Math.max(maxNodes, count);
  }
  return { nodes, maxNodes };
}

/** Tokens and positions of all rows: the prompts', unless they are cached, then the nodes'. */
function packRows(setup: PackingSetup, run: Run & { nodes: number }): Feeds {
  const { architecture, trie, codeTokens } = setup;
  const { requests, promptLength, start = 0, nodes } = run;
  const promptRows = run.cachedRows === undefined ? requests.length * (promptLength - start) : 0;
  const tokens = new Int32Array(promptRows + nodes);
  const positions = new Int32Array(promptRows + nodes);
  if (promptRows > 0) {
    const prompts = requests.map(({ request }) => request.prompt);
    writePrompts(prompts, { promptLength, start, tokens, positions });
  }
  let row = promptRows;
  for (const { request, count, prefixes, depths } of requests) {
    const rootToken = architecture.rootToken(request.prompt);
    const rootPosition = architecture.rootPosition(request.prompt.length);
    for (let at = 0; at < count; at++, row++) {
      const depth = depths[at] ?? 0;
      const code = trie.codes[prefixes[at] ?? 0] ?? 0;
      tokens[row] = depth === 0 ? rootToken : (codeTokens[depth - 1]?.[code] ?? 0);
      positions[row] = rootPosition + depth;
    }
  }
  return {
    tokens: int32(tokens, [tokens.length]),
    positions: positionTensor(positions, [tokens.length, 1]),
  };
}

/** Writes prompts from token `start` on as the first rows of a run, user by user, padded at their ends. */
export function writePrompts(
  prompts: readonly ReadonlyInt32Array[],
  rows: { promptLength: number; start?: number; tokens: Int32Array; positions: Int32Array },
): void {
  const { promptLength, start = 0, tokens, positions } = rows;
  const computed = promptLength - start;
  prompts.forEach((prompt, user) => {
    const first = user * computed;
    for (let at = 0; at < computed; at++) {
      tokens[first + at] = prompt[start + at] ?? 0;
      // Padding is not looked at; its position only has to exist.
      positions[first + at] = Math.min(start + at, prompt.length - 1);
    }
  });
}

/** The way between packed rows and [requests, slots per request]. */
function packPlaces(
  requests: readonly NodeRows[],
  size: { nodes: number; maxNodes: number },
): Feeds {
  const slots = new Int32Array(requests.length * size.maxNodes);
  const places = new Int32Array(size.nodes);
  let row = 0;
  requests.forEach(({ count }, request) => {
    for (let at = 0; at < count; at++, row++) {
      const place = request * size.maxNodes + at;
      places[row] = place;
      slots[place] = row;
    }
  });
  return {
    slots: int32(slots, [slots.length]),
    places: int32(places, [places.length]),
  };
}

/** Which rows each node sees of its own tree; only as many as the deepest node of the run needs. */
function packAncestors(
  setup: PackingSetup,
  run: Run & { nodes: number; ancestors: number },
): Feeds {
  const { requests, nodes, cachedRows, ancestors: given } = run;
  const maxAncestors = maxAncestorsOf(setup.architecture, setup.trie);
  const ancestors = new Int32Array(nodes * given);
  const bias = new Float32Array(nodes * given).fill(Number.NEGATIVE_INFINITY);
  const pastRows = cachedRows?.reduce((sum, count) => sum + count, 0) ?? 0;
  let firstRow = pastRows;
  let pastRow = 0;
  let to = 0;
  requests.forEach(({ count, lines }, request) => {
    for (let at = 0; at < count; at++, to += given) {
      for (let step = 0; step < given; step++) {
        const ancestor = lines[at * maxAncestors + step] ?? NO_ANCESTOR;
        if (ancestor === NO_ANCESTOR) break;
        ancestors[to + step] = ancestor < 0 ? pastRow - 1 - ancestor : firstRow + ancestor;
        bias[to + step] = 0;
      }
    }
    firstRow += count;
    pastRow += cachedRows?.[request] ?? 0;
  });
  return {
    ancestors: int32(ancestors, [nodes, given]),
    ancestor_bias: float32(bias, [nodes, given, 1]),
  };
}
