import { ROOT } from "@nightbeam/catalogue";
import type { SearchRequest } from "@nightbeam/decoding";
import { Tensor } from "onnxruntime-node";
import { SIZES } from "../../architectures/inputs.js";
import {
  type Feeds,
  float32,
  int32,
  positionTensor,
  type RunInputs,
  type Sizes,
} from "../../onnx/feeds.js";
import { type ClosedNodes, closedNodes } from "./closed-nodes.js";
import { searchNames } from "./levels.js";
import { closedNames } from "./open-children.js";
import type { SearchSetup } from "./search-context.js";
import type { SearchRun } from "./search-program.js";
import { beamsByDepth, searchSizes } from "./sizes.js";

type PackingSetup = Pick<SearchSetup, "architecture" | "trie" | "maxChildren">;

/** The inputs that all programs of searches share. */
export function packSearch(
  { architecture, trie, maxChildren }: PackingSetup,
  run: SearchRun,
): Required<RunInputs> {
  const { requests, promptLength } = run;
  const beams = beamsByDepth(trie, run.beamWidth);
  const users = requests.length;
  const closed = packClosed({ architecture, trie, maxChildren }, requests);
  const feeds: Feeds = {
    [searchNames.promptBias]: packBias(run),
    [searchNames.rootPositions]: positionTensor(
      requests.map(({ prompt }) => architecture.rootPosition(prompt.length)),
      [users, 1, 1],
    ),
    [searchNames.rootNodes]: int32(new Int32Array(users).fill(ROOT), [users, 1]),
    [searchNames.rootScores]: new Tensor("float64", new Float64Array(users), [users, 1]),
    ...closed.feeds,
  };
  const sizes: Record<string, number> = {
    [SIZES.users]: users,
    [SIZES.prompt]: promptLength,
    ...closed.sizes,
  };
  maxChildren.forEach((most, depth) => {
    const count = beams[depth] ?? 1;
    sizes[searchSizes.beams(depth)] = count;
    sizes[searchSizes.marks(depth)] = 1 + count * most;
    feeds[closedNames(depth).beams] = int32(numbers(count, 1), [count]);
    // The last two depths' nodes have no further generation that would look for them.
    if (depth >= architecture.firstAncestor && depth < trie.levels - 1) {
      feeds[searchNames.firstRows(depth)] = int32(numbers(users, count), [users, 1]);
    }
  });
  sizes[searchSizes.beams(trie.levels)] = beams[trie.levels] ?? 1;
  return { feeds, sizes };
}

/** 0, step, 2 × step, … */
export function numbers(count: number, step: number): Int32Array {
  return Int32Array.from({ length: count }, (_, at) => at * step);
}

function packBias({ requests, promptLength }: SearchRun): Tensor {
  const bias = new Float32Array(requests.length * promptLength);
  requests.forEach(({ prompt }, user) => {
    const first = user * promptLength;
    bias.fill(Number.NEGATIVE_INFINITY, first + prompt.length, first + promptLength);
  });
  return float32(bias, [requests.length, 1, 1, promptLength]);
}

/** The closed nodes of every depth, padded to the largest number of any user. */
function packClosed(
  { trie, maxChildren }: PackingSetup,
  requests: readonly SearchRequest[],
): { feeds: Feeds; sizes: Sizes } {
  const byUser = requests.map(({ closed }) => closedNodes(trie, closed));
  const feeds: Feeds = {};
  const sizes: Record<string, number> = {};
  for (let depth = 0; depth < trie.levels; depth++) {
    const ofDepth = byUser.map(
      (depths): ClosedNodes => depths[depth] ?? { parents: [], places: [] },
    );
    const most = ofDepth.reduce((longest, { parents }) => Math.max(longest, parents.length), 1);
    const parents = new Int32Array(requests.length * most).fill(-1);
    const places = new Int32Array(requests.length * most);
    ofDepth.forEach((closed, user) => {
      parents.set(closed.parents, user * most);
      const shift = 1 - (maxChildren[depth] ?? 1);
      places.set(
        closed.places.map((place) => place + shift),
        user * most,
      );
    });
    const names = closedNames(depth);
    const dims = [requests.length, most];
    feeds[names.parents] = int32(parents, dims);
    feeds[names.places] = int32(places, dims);
    sizes[searchSizes.closed(depth)] = most;
  }
  return { feeds, sizes };
}
