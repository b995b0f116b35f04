import { childCount, ROOT, type Trie } from "@nightbeam/catalogue";
import {
  logSoftmax,
  nodeCount,
  type ScoreAnswer,
  type ScoreRequest,
  type Scorer,
} from "@nightbeam/decoding";

/** A model without weights: what follows a prefix is a hash of the prompt and the prefix. */
export function fakeAnswer(trie: Trie, { prompt, tree }: ScoreRequest): ScoreAnswer {
  const seed = prompt.reduce((state, token) => mix(state ^ token), prompt.length);
  const logProbs: number[] = [];
  for (const entry of tree.wanted) {
    const prefix = tree.prefixes[entry] ?? ROOT;
    const row = Float64Array.from({ length: childCount(trie, prefix) }, (_, child) =>
      Math.log((mix(mix(seed ^ prefix) ^ child) + 1) / 2 ** 32),
    );
    logSoftmax(row);
    logProbs.push(...row);
  }
  const tokens = prompt.length + nodeCount(tree);
  return { logProbs: Float64Array.from(logProbs), tokens, milliseconds: tokens / 8 };
}

/** The fake model, asked without a network. */
export function localScorer(trie: Trie): Scorer {
  return {
    score: async (requests) => requests.map((request) => fakeAnswer(trie, request)),
    release: () => undefined,
  };
}

function mix(value: number): number {
  let state = Math.imul(value ^ (value >>> 16), 0x45d9f3b);
  state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d);
  return (state ^ (state >>> 16)) >>> 0;
}
