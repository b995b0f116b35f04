import { childRange, leafRange, type NodeRange, type Trie } from "@nightbeam/catalogue";
import type { Beams } from "../search/beams.js";
import type { Propose } from "../search/search.js";
import { levelsAlong } from "./along-leaves.js";
import type { Draft, Drafter, DraftRequest } from "./drafter.js";
import { seedOf, shuffled } from "./draws.js";

/**
 * Drafts at random: N different code paths, uniform over those below the search's beams, N the largest
 * width. The AtSpeed paper's adaptation of retrieval drafting, whose store is the catalogue: the
 * baseline for every other draft.
 *
 * What is drawn depends on the prompt and the depth of the beams alone, so the same user gets the
 * same draft in every run. If the request has a `propose`, that draws, at temperature 1 from the same
 * uniform distribution.
 */
export class RetrievalDrafter implements Drafter {
  draft(requests: readonly DraftRequest[]): Promise<readonly Draft[]> {
    const drafts = requests.map((request) => {
      const { propose } = request;
      return propose === undefined
        ? { levels: levelsAlong(request, drawnLeaves(request)) }
        : { levels: uniformLevels(request, propose) };
    });
    return Promise.resolve(drafts);
  }

  /** Nothing is kept. */
  release(): void {}
}

/** Levels whose prefixes are as likely as there are code paths below them. */
function uniformLevels({ search, widths }: DraftRequest, propose: Propose): Beams[] {
  const { beams } = search.state;
  const { trie } = search.space;
  const lookup = (prefix: number) => leafShares(trie, prefix);
  const scores = Float64Array.from(beams.prefixes, (prefix) =>
    Math.log(leafCount(leafRange(trie, prefix))),
  );
  const levels: Beams[] = [];
  let proposed: Beams = { ...beams, scores };
  while (proposed.prefixes.length > 0 && proposed.depth + 1 < trie.levels) {
    const width = widths[proposed.depth] ?? 0;
    if (width === 0) break;
    const level = propose(proposed, { lookup, width });
    levels.push(level);
    proposed = level;
  }
  return levels;
}

/** Logarithms of the shares that a prefix's children have in the code paths below it. */
function leafShares(trie: Trie, prefix: number): Float64Array {
  const all = leafCount(leafRange(trie, prefix));
  const { first, end } = childRange(trie, prefix);
  return Float64Array.from({ length: end - first }, (_, child) =>
    Math.log(leafCount(leafRange(trie, first + child)) / all),
  );
}

function* drawnLeaves({ prompt, search, widths }: DraftRequest): Generator<number> {
  const { beams } = search.state;
  const { trie, exclusion } = search.space;
  const ranges = Array.from(beams.prefixes, (prefix) => leafRange(trie, prefix));
  const total = ranges.reduce((sum, range) => sum + leafCount(range), 0);
  let left = Math.max(0, ...widths.slice(beams.depth));
  for (const place of shuffled(total, seedOf([...prompt, beams.depth]))) {
    if (left === 0) return;
    const leaf = leafAt(ranges, place);
    if (exclusion.isDead(leaf)) continue;
    left--;
    yield leaf;
  }
}

function leafCount({ first, end }: NodeRange): number {
  return end - first;
}

function leafAt(ranges: readonly NodeRange[], place: number): number {
  let left = place;
  for (const { first, end } of ranges) {
    if (left < end - first) return first + left;
    left -= end - first;
  }
  throw new RangeError(`the beams have fewer than ${place + 1} leaves`);
}
