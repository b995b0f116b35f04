import {
  childCount,
  childRange,
  GAINS,
  GONE,
  leafRange,
  NEW,
  type Trie,
} from "@nightbeam/catalogue";
import { widthAt } from "../search/beam-width.js";
import type { Beams } from "../search/beams.js";
import type { SearchView } from "../search/search.js";
import type { SearchSpace } from "../search/search-space.js";
import { dangerousCodes, type OutsideRow } from "./outside.js";

/**
 * Changes of the catalogue that may change what a search found, prefix by prefix. Any other change
 * provably does not (docs/decisions/0028-certificates.md).
 */
export interface Certificate {
  /** The prefixes that the search kept, and others whose changes matter; numbered as a trie is. */
  readonly tree: Pick<Trie, "codes" | "firstChild">;
  /**
   * Changes of each prefix that refute the answer: bits of `GONE` and `GAINS`, as in
   * `CatalogueChange`; `NEW_CHILD`, `GONE_CHILD` and, at the root, `OTHER_CODES`. Shape [nodes of the tree].
   */
  readonly refutedBy: Uint8Array;
  /**
   * By node of the tree with `NEW_CHILD`: the only codes, ascending, that refute the answer, among those
   * that `codesPerLevel` has. Default: all codes.
   */
  readonly newCodes: ReadonlyMap<number, Uint16Array>;
  /**
   * Largest code + 1 of each level of the catalogue that was searched. A later change may be one from a
   * catalogue with larger codes, of which the target has not said anything. Shape [levels].
   */
  readonly codesPerLevel: Uint32Array;
}

/** A child of the prefix is new: in `newCodes`, if it has a list. */
export const NEW_CHILD = NEW;
/** A child of the prefix is gone. */
export const GONE_CHILD = 16;
/** A level has other codes, wherever they are. */
export const OTHER_CODES = 32;

/** What is collected during a search, to certify it. */
export interface Evidence {
  /** What the search kept at each level, the root included. */
  readonly levels: Beams[];
  /** What the target said about codes that a prefix does not have in the catalogue, by prefix. */
  readonly outside: Map<number, OutsideRow>;
}

/** Whether `Evidence.outside` helps: if the scores of a prefix's children do not depend on each other. */
export function usesOutside({ scoring, ranking }: SearchSpace): boolean {
  return scoring === "full" && ranking === undefined;
}

/**
 * Certifies a strict or sampled search; undefined if nothing was open to the user, and if every prefix's
 * children share its probability and some are closed for all users.
 */
export function certificateOf(
  search: Pick<SearchView, "space" | "beamWidth" | "known">,
  { levels, outside, codesPerLevel }: Evidence & Pick<Certificate, "codesPerLevel">,
): Certificate | undefined {
  const { space } = search;
  if (levels.every(({ prefixes }) => prefixes.length === 0)) return undefined;
  const shares = !usesOutside(space);
  if (shares && space.exclusion.base?.hasDeadNodes === true) return undefined;
  const prefixes = new WatchedPrefixes(space);
  for (const { prefixes: kept } of levels.slice(1))
    for (const one of kept) prefixes.watch(one, GONE);
  for (const [depth, beams] of levels.slice(0, -1).entries()) {
    const next = levels[depth + 1];
    if (next === undefined) continue;
    if (shares) watchChildren(prefixes, { space, beams });
    else watchRivals(prefixes, { search, outside, beams, next });
  }
  if (space.scoring === "renormalized") prefixes.watch(0, OTHER_CODES);
  return { ...prefixes.tree(), codesPerLevel };
}

/**
 * For searches in which a prefix's children share its probability: all children must stay, no other may
 * come, and what is closed must stay closed.
 */
function watchChildren(
  watched: WatchedPrefixes,
  { space, beams }: { space: SearchSpace; beams: Beams },
): void {
  for (const prefix of beams.prefixes) {
    watched.watch(prefix, NEW_CHILD | GONE_CHILD);
    if (!space.exclusion.hasDeadNodes) continue;
    const { first, end } = childRange(space.trie, prefix);
    for (let child = first; child < end; child++) {
      if (space.exclusion.isDead(child)) watched.watchClosed(child);
      else watched.watchOpen(child);
    }
  }
}

/** For searches in which a prefix's score depends on the prefix alone: no other may be among the best. */
function watchRivals(
  watched: WatchedPrefixes,
  found: {
    search: Pick<SearchView, "space" | "beamWidth" | "known">;
    outside: ReadonlyMap<number, OutsideRow>;
    beams: Beams;
    next: Beams;
  },
): void {
  const { search, beams, next } = found;
  const { trie, exclusion } = search.space;
  const isFull = next.prefixes.length === widthAt(search.beamWidth, next.depth);
  const lastScore = isFull ? (next.scores.at(-1) ?? 0) : Number.NEGATIVE_INFINITY;
  const lastPrefix = isFull ? (next.prefixes.at(-1) ?? 0) : trie.codes.length;
  beams.prefixes.forEach((prefix, at) => {
    const score = beams.scores[at] ?? 0;
    const row = search.known(prefix) ?? [];
    // A child that ties with the last prefix may be before it or after it: both count as danger.
    const codes = dangerousCodes(row, {
      outside: found.outside.get(prefix),
      isDanger: (logProb) => !(score + logProb < lastScore),
    });
    if (codes !== "none") watched.watch(prefix, NEW_CHILD, codes === "all" ? undefined : codes);
    if (!exclusion.hasDeadNodes) return;
    watched.watchOpen(prefix);
    if (exclusion.deadChildren(prefix) === 0) return;
    const { first, end } = childRange(trie, prefix);
    const reopened: number[] = [];
    for (let child = first; child < end; child++) {
      if (!exclusion.isDead(child)) continue;
      const total = score + (row[child - first] ?? 0);
      const isRival = total > lastScore || (total === lastScore && child < lastPrefix);
      if (!isRival) continue;
      if (exclusion.base?.isDead(child) === true) reopened.push(trie.codes[child] ?? 0);
      else watched.watchClosed(child);
    }
    // What is closed for all users counts as missing: it may come as any child does.
    if (reopened.length === 0 || codes === "all") return;
    const danger = [...(codes === "none" ? [] : codes), ...reopened];
    watched.watch(prefix, NEW_CHILD, Uint16Array.from(danger).sort());
  });
}

/** Collects the prefixes of one certificate. */
class WatchedPrefixes {
  readonly #space: SearchSpace;
  readonly #bits = new Map<number, number>([[0, 0]]);
  readonly #newCodes = new Map<number, Uint16Array>();
  /** The leaves that are closed for this user alone, ascending. */
  readonly #closed: Uint32Array;

  constructor(space: SearchSpace) {
    this.#space = space;
    this.#closed = space.exclusion.hasDeadNodes
      ? space.exclusion.closedLeaves()
      : new Uint32Array();
  }

  /** Watches a prefix whose parent is watched. */
  watch(prefix: number, bits: number, newCodes?: Uint16Array): void {
    this.#bits.set(prefix, (this.#bits.get(prefix) ?? 0) | bits);
    if (newCodes !== undefined) this.#newCodes.set(prefix, newCodes);
  }

  /** Makes sure that a closed prefix stays closed: a closed leaf does, one above opens with a new leaf. */
  watchClosed(prefix: number): void {
    if (childCount(this.#space.trie, prefix) > 0) this.watch(prefix, GAINS);
  }

  /**
   * Makes sure that an open prefix that stays, stays open: an open leaf below it must stay too, or a
   * prefix with no other leaves. Those that are watched anyway come first.
   */
  watchOpen(prefix: number): void {
    const { trie, exclusion } = this.#space;
    for (let at = prefix; childCount(trie, at) > 0 && this.#hasClosed(at); ) {
      this.watch(at, 0);
      const { first, end } = childRange(trie, at);
      let open = -1;
      for (let child = first; child < end; child++) {
        if (exclusion.isDead(child)) continue;
        if (open < 0) open = child;
        if (!this.#bits.has(child)) continue;
        open = child;
        break;
      }
      this.watch(open, GONE);
      at = open;
    }
  }

  /** Whether a leaf below the prefix may be closed. */
  #hasClosed(prefix: number): boolean {
    const { trie, exclusion } = this.#space;
    if (exclusion.base?.hasDeadNodes === true) return true;
    const { first, end } = leafRange(trie, prefix);
    let low = 0;
    let high = this.#closed.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#closed[middle] ?? 0) < first) low = middle + 1;
      else high = middle;
    }
    return (this.#closed[low] ?? end) < end;
  }

  tree(): Omit<Certificate, "codesPerLevel"> {
    const { trie } = this.#space;
    // Ascending nodes are in the order of a trie, and siblings are next to each other.
    const nodes = Uint32Array.from(this.#bits.keys()).sort();
    const firstChild = new Uint32Array(nodes.length + 1).fill(nodes.length);
    const newCodes = new Map<number, Uint16Array>();
    let next = 1;
    nodes.forEach((node, at) => {
      const { first } = childRange(trie, node);
      while (next < nodes.length && (nodes[next] ?? 0) < first) next++;
      firstChild[at] = next;
      const codes = this.#newCodes.get(node);
      if (codes !== undefined) newCodes.set(at, codes);
    });
    return {
      tree: { codes: Uint16Array.from(nodes, (node) => trie.codes[node] ?? 0), firstChild },
      refutedBy: Uint8Array.from(nodes, (node) => this.#bits.get(node) ?? 0),
      newCodes,
    };
  }
}
