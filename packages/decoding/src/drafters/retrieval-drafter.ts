import type { Trie } from "@nightbeam/catalogue";
import { levelsAlong } from "./along-leaves.js";
import type { Draft, Drafter, DraftRequest } from "./drafter.js";
import { seedOf, shuffled } from "./draws.js";

/**
 * Drafts at random: N different code paths, uniform over those that go on from the search's beams,
 * N the largest width. The AtSpeed paper's adaptation of retrieval drafting, whose store is the
 * catalogue: what any other draft has to beat.
 *
 * What is drawn depends on the prompt and the depth of the beams alone, so the same user gets the
 * same draft in every run.
 */
export class RetrievalDrafter implements Drafter {
  draft(requests: readonly DraftRequest[]): Promise<readonly Draft[]> {
    const drafts = requests.map((request) => {
      const started = performance.now();
      const levels = levelsAlong(request, drawnLeaves(request));
      return { levels, milliseconds: performance.now() - started };
    });
    return Promise.resolve(drafts);
  }

  /** Nothing is kept. */
  release(): void {}
}

function* drawnLeaves({ prompt, search, widths }: DraftRequest): Generator<number> {
  const { beams } = search.state;
  const { trie, exclusion } = search.space;
  const ranges = Array.from(beams.prefixes, (prefix) => leavesUnder(trie, prefix, beams.depth));
  const total = ranges.reduce((sum, { first, end }) => sum + end - first, 0);
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
