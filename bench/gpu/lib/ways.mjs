import { NOTHING_EXCLUDED, ROOT } from "@nightbeam/catalogue";
import { emptyDrafter, fixedWidths, speculativeDecoder, uniformWidths } from "@nightbeam/decoding";
import { openModel, openSearcher } from "@nightbeam/model";

/**
 * @typedef {{ prompt: Int32Array, drafted?: readonly Uint32Array[] }} User the drafted prefixes by depth
 * @typedef {{ prefixes: Uint32Array, scores: Float64Array, draftedLevels: number }} List
 * @typedef {{ lists: List[], runs: number, tokens: number, nodes: number, asked?: Uint32Array[][] }} Searched
 *   of a batch; runs: times that the model's weights are read; asked: what the target was asked, by user
 * @typedef {(users: readonly User[], options: { beamWidth: number }) => Promise<Searched>} Search
 */

/** The ways of searching that are compared, in the order in which they are measured. */
export const WAYS = ["levels", "whole", "repair", "calls"];

let nextKey = 0;

/**
 * Opens a way of searching with a target:
 *
 * - `levels`: plain beam search on the processor, a call per level, prompts read again by each
 * - `calls`: the same with drafted trees
 * - `whole`: the program beam-search, one run
 * - `repair`: the program verify-tree with drafted trees, one run
 *
 * @param {string} way
 * @param {object} options of openModel
 * @returns {Promise<{ search: Search, close(): Promise<void>, model: object }>}
 */
export async function openWay(way, options) {
  const settings = { workers: 1, threads: 1, cacheBytes: 0, ...options };
  const { trie } = settings.catalogue;
  if (way === "whole" || way === "repair") {
    const program = way === "whole" ? "beam-search" : "verify-tree";
    const model = await openSearcher({ ...settings, program });
    return {
      model,
      search: (...given) => searchWhole({ model, trie }, ...given),
      close: model.close,
    };
  }
  const model = await openModel(settings);
  const { scoring } = settings;
  return {
    model,
    search: (...given) => searchLevels({ model, trie, scoring }, ...given),
    close: model.close,
  };
}

async function searchWhole({ model, trie }, users, { beamWidth }) {
  const closed = new Uint32Array();
  const requests = users.map(({ prompt, drafted = [] }) => {
    const all = Uint32Array.from(drafted.flatMap((level) => [...level])).sort();
    return { key: nextKey++, prompt, closed, drafted: all };
  });
  const answers = await model.searcher.search(requests, { beamWidth });
  const drafted = Math.min(...answers.map(({ draftedLevels }) => draftedLevels));
  return {
    lists: answers.map(({ beams, draftedLevels }) => ({ ...beams, draftedLevels })),
    // With a draft, the tree is computed with the prompt, and repairs after it.
    runs: trie.levels - drafted,
    ...sums(answers),
  };
}

async function searchLevels({ model, trie, scoring }, users, { beamWidth }) {
  const jobs = users.map(({ prompt }) => ({
    ...{ key: nextKey++, prompt, history: new Uint32Array(), exclusion: NOTHING_EXCLUDED },
  }));
  const asked = new Map(jobs.map(({ key }) => [key, []]));
  const drafts = new Map(jobs.map(({ key }, at) => [key, users[at].drafted ?? []]));
  const isDrafted = users.some(({ drafted }) => drafted !== undefined);
  let runs = 0;
  const decoder = speculativeDecoder({
    target: {
      score: (requests) => {
        runs++;
        for (const { key, tree } of requests) {
          asked.get(key).push(tree.wanted.map((entry) => tree.prefixes[entry]));
        }
        return model.scorer.score(requests);
      },
      release: (keys) => model.scorer.release(keys),
    },
    drafter: isDrafted ? givenDrafts(drafts) : emptyDrafter,
    policy: fixedWidths(isDrafted ? uniformWidths(2 * beamWidth, trie.levels) : []),
    space: { trie, scoring },
    beamWidth,
  });
  const outcomes = await decoder.decode(jobs, new AbortController().signal);
  return {
    lists: outcomes.map(({ beams, cost }) => ({ ...beams, draftedLevels: cost.acceptedSteps })),
    runs,
    ...sums(outcomes.map(({ cost }) => cost)),
    asked: jobs.map(({ key }) =>
      byDepth(
        trie,
        asked.get(key).flatMap((some) => [...some]),
      ),
    ),
  };
}

/** A drafter that proposes what it is given. */
function givenDrafts(drafts) {
  return {
    draft: async (requests) =>
      requests.map(({ key, search }) => ({
        levels: drafts
          .get(key)
          .map((prefixes, at) => ({
            depth: at + 1,
            prefixes,
            scores: new Float64Array(prefixes.length),
          }))
          .slice(search.state.beams.depth),
      })),
    release: () => undefined,
  };
}

/** Prefixes by depth, the root and whole paths left out. */
function byDepth(trie, prefixes) {
  const inside = Uint32Array.from(new Set(prefixes.filter((node) => node !== ROOT))).sort();
  return Array.from({ length: trie.levels - 1 }, (_, at) =>
    inside.filter((node) => node >= trie.levelStart[at + 1] && node < trie.levelStart[at + 2]),
  );
}

function sums(costs) {
  const sum = (name) => costs.reduce((total, cost) => total + cost[name], 0);
  return { tokens: sum("tokens"), nodes: sum("nodes") };
}
