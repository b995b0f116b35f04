import type { Trie } from "@nightbeam/catalogue";
import { Tensor } from "onnxruntime-node";
import type { UserRows } from "./layout.js";

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
  const promptRows = call.cachedRows === undefined ? users.length * promptLength : 0;
  const { nodes, mostNodes, given } = extent(users);
  const most = shape.trie.levels - 1;
  const tokens = new Int32Array(promptRows + nodes);
  const positions = new BigInt64Array(promptRows + nodes);
  const slots = new Int32Array(users.length * mostNodes);
  const places = new Int32Array(nodes);
  const ancestors = new Int32Array(nodes * given);
  const ancestorBias = new Float32Array(nodes * given).fill(Number.NEGATIVE_INFINITY);
  const pastRows = call.cachedRows?.reduce((sum, count) => sum + count, 0) ?? 0;
  let row = 0;
  let pastRow = 0;
  users.forEach(({ request, rows }, user) => {
    if (call.cachedRows === undefined) {
      tokens.set(request.prompt, user * promptLength);
      for (let at = 0; at < promptLength; at++) positions[user * promptLength + at] = BigInt(at);
    }
    const firstRow = row;
    for (const node of rows) {
      tokens[promptRows + row] =
        node.depth === 0
          ? (request.prompt[promptLength - 1] ?? 0)
          : (shape.codeTokens[node.depth - 1]?.[shape.trie.codes[node.prefix] ?? 0] ?? 0);
      positions[promptRows + row] = BigInt(promptLength - 1 + node.depth);
      const place = user * mostNodes + row - firstRow;
      places[row] = place;
      slots[place] = row;
      node.line.forEach((ancestor, at) => {
        ancestors[row * given + at] =
          ancestor < 0 ? pastRow - 1 - ancestor : pastRows + firstRow + ancestor;
        ancestorBias[row * given + at] = 0;
      });
      row++;
    }
    pastRow += call.cachedRows?.[user] ?? 0;
  });
  return {
    tokens: int32(tokens, [tokens.length]),
    positions: new Tensor("int64", positions, [positions.length, 1]),
    slots: int32(slots, [slots.length]),
    places: int32(places, [nodes]),
    slot_shape: int64([users.length, mostNodes]),
    ancestors: int32(ancestors, [nodes, given]),
    ancestor_bias: new Tensor("float32", ancestorBias, [nodes, given, 1]),
    ancestor_padding: int64([0, 0, 0, 0, most - given, 0]),
    ancestor_count: int64([given]),
    key_split: int64([promptLength, most]),
    ...(call.cachedRows === undefined
      ? {
          row_split: int64([promptRows, nodes]),
          prompt_shape: int64([users.length, promptLength]),
          last_positions: int32(new Int32Array(users.length).fill(promptLength - 1), [
            users.length,
          ]),
          prompt_length: int32(Int32Array.of(promptLength), []),
        }
      : {}),
  };
}

/** Nodes in all, nodes of the user with most, and ancestors that the deepest node needs. */
function extent(users: readonly UserRows[]): { nodes: number; mostNodes: number; given: number } {
  let nodes = 0;
  let mostNodes = 0;
  let given = 1;
  for (const { rows } of users) {
    nodes += rows.length;
    mostNodes = Math.max(mostNodes, rows.length);
    for (const { depth } of rows) given = Math.max(given, depth);
  }
  return { nodes, mostNodes, given };
}

export function int32(data: Int32Array, dims: readonly number[]): Tensor {
  return new Tensor("int32", data, dims);
}

export function int64(values: readonly number[]): Tensor {
  return new Tensor("int64", BigInt64Array.from(values, BigInt), [values.length]);
}
