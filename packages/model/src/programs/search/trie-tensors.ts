import { ROOT, type Trie } from "@nightbeam/catalogue";
import type { ProgramContext } from "../program.js";
import type { TrieTensors } from "./search-context.js";

/** Adds the trie to a graph. */
export function trieTensors(context: ProgramContext): TrieTensors {
  const { graph, trie, codeTokens, scoring } = context;
  const nodes = trie.codes.length;
  const tokens = new Int32Array(nodes);
  for (let depth = 1; depth <= trie.levels; depth++) {
    const ofLevel = codeTokens[depth - 1];
    const end = trie.levelStart[depth + 1] ?? nodes;
    for (let node = trie.levelStart[depth] ?? 0; node < end; node++) {
      tokens[node] = ofLevel?.[trie.codes[node] ?? 0] ?? 0;
    }
  }
  const tokenOfNode = graph.int32s("token_of_node", tokens, [nodes]);
  return {
    firstChild: graph.int32s("first_child", Int32Array.from(trie.firstChild), [nodes + 1]),
    tokens: tokenOfNode,
    places:
      scoring === "full"
        ? tokenOfNode
        : graph.int32s("code_of_node", Int32Array.from(trie.codes), [nodes]),
    dead: nodes - 1,
  };
}

/** Largest number of children of a node, by depth. Shape [levels]. */
export function maxChildrenOf({ levels, levelStart, firstChild }: Trie): number[] {
  return Array.from({ length: levels }, (_, depth) => {
    let most = 0;
    const end = levelStart[depth + 1] ?? 0;
    for (let node = levelStart[depth] ?? ROOT; node < end; node++) {
      most = Math.max(most, (firstChild[node + 1] ?? 0) - (firstChild[node] ?? 0));
    }
    return most;
  });
}
