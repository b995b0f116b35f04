import type { Catalogue } from "@nightbeam/catalogue";
import {
  nodeCount,
  type ScoreRequest,
  type Scorer,
  type Searcher,
  type SearchRequest,
  searchNodes,
  treeOf,
} from "@nightbeam/decoding";
import type { Prompts } from "@nightbeam/model";
import type { PassWork } from "../batching/micro-batcher.js";
import type { TimedCall } from "./measure-cost.js";

/** What made-up calls are made of. */
export interface MadeUpFrom {
  readonly model: Pick<Prompts, "encodePrompt" | "maxPromptTokens">;
  readonly catalogue: Catalogue;
}

/**
 * Users and nodes of the tree calls that are timed: from a minimal call to a batch of a GPU. The last one has more
 * rows than the batches of a processor, where it is left out. On a GPU, a line through small calls alone says little
 * about large ones: their time is nearly constant.
 */
const TREES: readonly (readonly [users: number, nodes: number])[] = [
  [1, 1],
  [2, 32],
  [8, 32],
  [4, 64],
  [64, 32],
];
/** Users and beam widths of the whole searches that are timed: the last one as above. */
const SEARCHES: readonly (readonly [users: number, beamWidth: number])[] = [
  [1, 10],
  [4, 10],
  [8, 20],
  [16, 20],
  [64, 20],
];
/** Items per made-up history. */
const HISTORY = 20;

/** Tree calls of different sizes. */
export function treeCalls(from: MadeUpFrom, scorer: Scorer): TimedCall[] {
  return TREES.map(([users, nodes]) => {
    const requests = madeUpTrees(from, { users, nodes });
    const rows = requests.reduce(
      (sum, { prompt, tree }) => sum + prompt.length + nodeCount(tree),
      0,
    );
    const run = async () => {
      await scorer.score(requests);
      scorer.release(requests.map(({ key }) => key));
      return rows;
    };
    return { rows, run };
  });
}

/** Calls for whole searches of different sizes. */
export function searchCalls(from: MadeUpFrom, searcher: Searcher): TimedCall[] {
  return SEARCHES.map(([users, beamWidth]) => {
    const requests = madeUpSearches(from, users);
    const nodes = searchNodes(from.catalogue.trie, beamWidth);
    const rows = requests.reduce((sum, { prompt }) => sum + prompt.length + nodes, 0);
    const run = async () => {
      const answers = await searcher.search(requests, { beamWidth });
      return answers.reduce((sum, { tokens }) => sum + tokens, 0);
    };
    return { rows, run };
  });
}

/** The smallest of the tree calls that are timed. */
export function smallestCall(from: MadeUpFrom): PassWork<ScoreRequest> {
  return { requests: madeUpTrees(from, { users: 1, nodes: 1 }), beamWidth: 0 };
}

/** The smallest of the whole searches that are timed. */
export function smallestSearch(from: MadeUpFrom): PassWork<SearchRequest> {
  const [users, beamWidth] = SEARCHES[0] ?? [1, 1];
  return { requests: madeUpSearches(from, users), beamWidth };
}

function madeUpTrees(
  from: MadeUpFrom,
  size: { readonly users: number; readonly nodes: number },
): ScoreRequest[] {
  const { trie } = from.catalogue;
  const inner = trie.levelStart[trie.levels] ?? 1;
  return Array.from({ length: size.users }, (_, user) => {
    const wanted = Array.from({ length: size.nodes }, (_, at) =>
      Math.floor(((at + 0.5) / size.nodes) * inner),
    );
    // Clients' keys are not negative, so these do not collide.
    return { key: -1 - user, prompt: madeUpPrompt(from, user), tree: treeOf(trie, wanted) };
  });
}

function madeUpSearches(from: MadeUpFrom, users: number): SearchRequest[] {
  return Array.from({ length: users }, (_, user) => {
    return { key: -1 - user, prompt: madeUpPrompt(from, user), closed: new Uint32Array() };
  });
}

function madeUpPrompt({ catalogue, model }: MadeUpFrom, user: number): Int32Array {
  const history = Array.from(
    { length: HISTORY },
    (_, at) => (user * 7919 + at * 104_729) % catalogue.itemCount,
  );
  return model.encodePrompt(history).subarray(0, model.maxPromptTokens);
}
