import type { Trie } from "@nightbeam/catalogue";
import type { Beams } from "@nightbeam/decoding";
import type { RunOutputs } from "../../onnx/outputs.js";
import { RULED_OUT } from "./expand.js";
import { searchNames } from "./levels.js";

/** Each user's leaves, best first; equal scores by code path. */
export function readSearches(outputs: RunOutputs, run: { users: number; trie: Trie }): Beams[] {
  const { users, trie } = run;
  const leaves = outputs.int32s(searchNames.leaves);
  const scores = outputs.doubles(searchNames.scores);
  const count = leaves.length / users;
  return Array.from({ length: users }, (_, user) => {
    const places = Array.from({ length: count }, (_, at) => user * count + at)
      .filter((at) => scores[at] !== Number.NEGATIVE_INFINITY)
      // A stable sort: leaves ascend.
      .sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
    return {
      depth: trie.levels,
      prefixes: Uint32Array.from(places, (at) => leaves[at] ?? 0),
      scores: Float64Array.from(places, (at) => {
        const score = scores[at] ?? 0;
        return score <= RULED_OUT ? Number.NEGATIVE_INFINITY : score;
      }),
    };
  });
}
