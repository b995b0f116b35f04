import { childCount, depthOf, type Trie } from "@nightbeam/catalogue";
import type { Beams } from "../search/beams.js";
import type { Propose } from "../search/search.js";
import { levelsAlong } from "./along-leaves.js";
import type { Draft, Drafter, DraftLevel, DraftRequest } from "./drafter.js";
import { seedOf, shuffled } from "./draws.js";

/**
 * Drafts at random: N different code paths, uniform over those that go on from the search's beams,
 * N the largest width. The AtSpeed paper's adaptation of retrieval drafting, whose store is the
 * catalogue: what any other draft has to beat.
 *
 * What is drawn depends on the prompt and the depth of the beams alone, so the same user gets the
 * same draft in every run. A search that says how a level is proposed draws for itself, at
 * temperature 1 from the same uniform distribution.
 */
export class RetrievalDrafter implements Drafter {
  draft(requests: readonly DraftRequest[]): Promise<readonly Draft[]> {
    const drafts = requests.map((request) => {
      const started = performance.now();
      const { propose } = request.search;
      const levels =
        propose === undefined
          ? levelsAlong(request, drawnLeaves(request))
          : uniformLevels(request, propose);
      return { levels, milliseconds: performance.now() - started };
    });
    return Promise.resolve(drafts);
  }

  /** Nothing is kept. */
  release(): void {}
}

/** Levels whose prefixes are as likely as there are code paths below them. */
function uniformLevels({ search, widths }: DraftRequest, propose: Propose): DraftLevel[] {
  const { beams } = search.state;
  const { trie } = search.space;
  const lookup = (prefix: number) => leafShares(trie, prefix);
  const scores = Float64Array.from(beams.prefixes, (prefix) =>
    Math.log(leafCount(leavesUnder(trie, prefix, beams.depth))),
  );
  const levels: DraftLevel[] = [];
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
  const depth = depthOf(trie, prefix);
  const all = leafCount(leavesUnder(trie, prefix, depth));
  const first = trie.firstChild[prefix] ?? 0;
  return Float64Array.from({ length: childCount(trie, prefix) }, (_, child) =>
    Math.log(leafCount(leavesUnder(trie, first + child, depth + 1)) / all),
  );
}

function* drawnLeaves({ prompt, search, widths }: DraftRequest): Generator<number> {
  const { beams } = search.state;
  const { trie, exclusion } = search.space;
  const ranges = Array.from(beams.prefixes, (prefix) => leavesUnder(trie, prefix, beams.depth));
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

interface Range {
  readonly first: number;
  readonly end: number;
}

function leafCount({ first, end }: Range): number {
  return end - first;
}

/** Nodes are numbered breadth-first, so the leaves below a node are consecutive. */
function leavesUnder(trie: Trie, prefix: number, depth: number): Range {
  let [first, end] = [prefix, prefix + 1];
  for (let at = depth; at < trie.levels; at++) {
    first = trie.firstChild[first] ?? 0;
    end = trie.firstChild[end] ?? 0;
  }
  return { first, end };
}

function leafAt(ranges: readonly Range[], place: number): number {
  let left = place;
  for (const { first, end } of ranges) {
    if (left < end - first) return first + left;
    left -= end - first;
  }
  throw new RangeError(`the beams have fewer than ${place + 1} leaves`);
}
