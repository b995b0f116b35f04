import type { Trie } from "@nightbeam/catalogue";
import { Tensor } from "onnxruntime-node";
import { NO_ANCESTOR, type UserRows } from "./layout.js";

export type Feeds = Record<string, Tensor>;

/** What packing needs to know of the model. */
export interface PackingShape {
  readonly trie: Trie;
  /** `codeTokens[level][code]` is the code's token. */
  readonly codeTokens: readonly Int32Array[];
}

export interface Call {
  /** Users of the call; all prompts of one length. */
  readonly users: readonly UserRows[];
  readonly promptLength: number;
  /** Rows of each user in the cache, or undefined where the call computes the prompts. */
  readonly cachedRows: readonly number[] | undefined;
}

/** The inputs of graph/inputs.ts for one call, without keys and values. */
export function packCall(shape: PackingShape, call: Call): Feeds {
  const { users, promptLength } = call;
  const { nodes, maxNodes } = extent(users);
  return {
    ...packRows(shape, { ...call, nodes }),
    ...packPlaces(users, { nodes, maxNodes }),
    ...packAncestors(shape, { ...call, nodes }),
    key_split: int64([promptLength, shape.trie.levels - 1]),
    ...(call.cachedRows === undefined
      ? {
          row_split: int64([users.length * promptLength, nodes]),
          prompt_shape: int64([users.length, promptLength]),
        }
      : {}),
  };
}

/** Nodes in all, and places a user gets in the padded layout. */
function extent(users: readonly UserRows[]): { nodes: number; maxNodes: number } {
  let nodes = 0;
  // Never 1: a product with a single row takes another kernel in onnxruntime, which rounds
  // differently, and a node's bits would depend on how many nodes its neighbours have.
  let maxNodes = 2;
  for (const { count } of users) {
    nodes += count;
    maxNodes = Math.max(maxNodes, count);
  }
  return { nodes, maxNodes };
}

/** Tokens and positions of all rows: the prompts', unless they are cached, then the nodes'. */
function packRows(shape: PackingShape, call: Call & { nodes: number }): Feeds {
  const { users, promptLength, nodes } = call;
  const promptRows = call.cachedRows === undefined ? users.length * promptLength : 0;
  const tokens = new Int32Array(promptRows + nodes);
  // int64 as pairs of int32, low half first: positions are small, and BigInt is slow.
  const positions = new Int32Array(2 * (promptRows + nodes));
  if (promptRows > 0) {
    users.forEach(({ request }, user) => {
      tokens.set(request.prompt, user * promptLength);
    });
    for (let row = 0; row < promptRows; row++) positions[2 * row] = row % promptLength;
  }
  let row = promptRows;
  for (const { request, count, prefixes, depths } of users) {
    const lastToken = request.prompt[promptLength - 1] ?? 0;
    for (let at = 0; at < count; at++, row++) {
      const depth = depths[at] ?? 0;
      const code = shape.trie.codes[prefixes[at] ?? 0] ?? 0;
      tokens[row] = depth === 0 ? lastToken : (shape.codeTokens[depth - 1]?.[code] ?? 0);
      positions[2 * row] = promptLength - 1 + depth;
    }
  }
  return {
    tokens: int32(tokens, [tokens.length]),
    positions: new Tensor("int64", new BigInt64Array(positions.buffer), [tokens.length, 1]),
  };
}

/** The way between packed rows and [users, places a user]. */
function packPlaces(users: readonly UserRows[], size: { nodes: number; maxNodes: number }): Feeds {
  const slots = new Int32Array(users.length * size.maxNodes);
  const places = new Int32Array(size.nodes);
  let row = 0;
  users.forEach(({ count }, user) => {
    for (let at = 0; at < count; at++, row++) {
      const place = user * size.maxNodes + at;
      places[row] = place;
      slots[place] = row;
    }
  });
  return {
    slots: int32(slots, [slots.length]),
    places: int32(places, [places.length]),
    slot_shape: int64([users.length, size.maxNodes]),
  };
}

/** Which rows each node sees of its own tree; only as many as the deepest node of the call needs. */
function packAncestors(shape: PackingShape, call: Call & { nodes: number }): Feeds {
  const { users, nodes, cachedRows } = call;
  const most = shape.trie.levels - 1;
  const given = users.reduce(
    (deepest, { depths, count }) => Math.max(deepest, ...depths.subarray(count - 1, count)),
    1,
  );
  const ancestors = new Int32Array(nodes * given);
  const bias = new Float32Array(nodes * given).fill(Number.NEGATIVE_INFINITY);
  const pastRows = cachedRows?.reduce((sum, count) => sum + count, 0) ?? 0;
  let firstRow = pastRows;
  let pastRow = 0;
  let to = 0;
  users.forEach(({ count, lines }, user) => {
    for (let at = 0; at < count; at++, to += given) {
      for (let step = 0; step < given; step++) {
        const ancestor = lines[at * most + step] ?? NO_ANCESTOR;
        if (ancestor === NO_ANCESTOR) break;
        ancestors[to + step] = ancestor < 0 ? pastRow - 1 - ancestor : firstRow + ancestor;
        bias[to + step] = 0;
      }
    }
    firstRow += count;
    pastRow += cachedRows?.[user] ?? 0;
  });
  return {
    ancestors: int32(ancestors, [nodes, given]),
    ancestor_bias: new Tensor("float32", bias, [nodes, given, 1]),
    ancestor_padding: int64([0, 0, 0, 0, most - given, 0]),
    ancestor_count: int64([given]),
  };
}

export function int32(data: Int32Array, dims: readonly number[]): Tensor {
  return new Tensor("int32", data, dims);
}

export function int64(values: readonly number[]): Tensor {
  return new Tensor("int64", BigInt64Array.from(values, BigInt), [values.length]);
}
