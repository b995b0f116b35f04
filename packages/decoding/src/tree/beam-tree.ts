import { parentOf, ROOT, type Trie } from "@nightbeam/catalogue";
import { DecodingError } from "../errors.js";

/**
 * Prefixes of one user, flattened parents-first and free of duplicates: what one call of a model
 * evaluates after the user's prompt. Closed under ancestors, so that nothing but the prompt is needed
 * to evaluate it.
 */
export interface BeamTree {
  /**
   * Trie nodes, ascending, which is parents-first. May begin with the root, which is the prompt
   * itself. Never a whole code path, as nothing follows it. Shape [entries].
   */
  readonly prefixes: Uint32Array;
  /** Entry of each prefix's parent; -1 if that is the prompt, and for the root. Shape [entries]. */
  readonly parents: Int32Array;
  /** Entries whose children's log-probabilities are wanted, ascending; the others are ancestors of these. Shape [wanted]. */
  readonly wanted: Uint32Array;
}

/** The tree that asks what follows the given prefixes; duplicates count once. */
export function treeOf(trie: Trie, wanted: Iterable<number>): BeamTree {
  // Merges two descending runs, deepest node first: what is asked for, and the parents of what
  // has been taken (parents of descending nodes descend). So duplicates meet, no node is looked up
  // in a set, and every parent is computed about once.
  const asked = Uint32Array.from(wanted).sort();
  const taken: number[] = [];
  const parentPlaces: number[] = [];
  const wantedPlaces: number[] = [];
  let nextAsked = asked.length - 1;
  let parent = NONE;
  for (;;) {
    const next = nextAsked < 0 ? NONE : (asked[nextAsked] ?? NONE);
    const node = Math.max(next, parent);
    if (node === NONE) break;
    const place = taken.push(node) - 1;
    if (node === next) {
      wantedPlaces.push(place);
      while (nextAsked >= 0 && asked[nextAsked] === node) nextAsked--;
    }
    while (parent === node) {
      parentPlaces.push(place);
      parent = parentInTree(trie, taken[parentPlaces.length]);
    }
    if (parent === NONE) parent = parentInTree(trie, taken[parentPlaces.length]);
  }
  return ascending({ taken, parentPlaces, wantedPlaces });
}

/** The tree whose entries have been taken in descending order. */
function ascending(places: {
  taken: readonly number[];
  parentPlaces: readonly number[];
  wantedPlaces: readonly number[];
}): BeamTree {
  const { taken, parentPlaces, wantedPlaces } = places;
  const last = taken.length - 1;
  // The shallowest entries have no parent in the tree, and so no place for it.
  const parents = new Int32Array(taken.length).fill(NONE);
  for (let at = 0; at < parentPlaces.length; at++) {
    parents[last - at] = last - (parentPlaces[at] ?? 0);
  }
  const wanted = new Uint32Array(wantedPlaces.length);
  for (let at = 0; at < wanted.length; at++) {
    wanted[wanted.length - 1 - at] = last - (wantedPlaces[at] ?? 0);
  }
  return { prefixes: new Uint32Array(taken).reverse(), parents, wanted };
}

const NONE = -1;

/** The parent that a node needs in its tree; none if that is the prompt. */
function parentInTree(trie: Trie, node: number | undefined): number {
  const parent = node === undefined || node === ROOT ? ROOT : parentOf(trie, node);
  return parent === ROOT ? NONE : parent;
}

/** Entries of a tree for which a model computes a row: all but the root, whose row is the prompt's last. */
export function nodeCount(tree: BeamTree): number {
  return tree.prefixes[0] === ROOT ? tree.prefixes.length - 1 : tree.prefixes.length;
}

/**
 * Checks that a tree from outside is a `BeamTree` of a catalogue.
 *
 * @throws DecodingError BAD_TREE
 */
export function checkTree(trie: Trie, tree: BeamTree): void {
  const { prefixes, parents } = tree;
  const leaves = trie.levelStart[trie.levels] ?? 0;
  const fail = (entry: number, what: string) => {
    throw new DecodingError("BAD_TREE", `entry ${entry} of the tree ${what}`);
  };
  if (parents.length !== prefixes.length) {
    fail(Math.min(parents.length, prefixes.length), "has no parent or no prefix");
  }
  for (let entry = 0; entry < prefixes.length; entry++) {
    const prefix = prefixes[entry] ?? 0;
    if (prefix >= leaves) fail(entry, `names ${prefix}, after which the catalogue has no code`);
    if (entry > 0 && prefix <= (prefixes[entry - 1] ?? 0)) fail(entry, "is out of order");
    const parent = parents[entry] ?? NONE;
    const expected = parentInTree(trie, prefix);
    const named = parent === NONE ? NONE : (prefixes[parent] ?? ROOT);
    if (named !== expected) fail(entry, `does not have entry ${parent} as its parent`);
  }
  tree.wanted.forEach((entry, at) => {
    if (entry >= prefixes.length) fail(entry, "is wanted and does not exist");
    if (at > 0 && entry <= (tree.wanted[at - 1] ?? 0)) fail(entry, "is wanted out of order");
  });
}
