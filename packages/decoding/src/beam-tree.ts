import { parentOf, ROOT, type Trie } from "@nightbeam/catalogue";
import { DecodingError } from "./errors.js";

/**
 * Prefixes of one user, flattened parents-first and free of duplicates: what one call of a model
 * evaluates behind the user's prompt. Closed under ancestors, so that it can be evaluated by anyone
 * who has nothing but the prompt.
 */
export interface BeamTree {
  /** Trie nodes, ascending, which is parents-first. May begin with the root: the prompt itself. Shape [entries]. */
  readonly prefixes: Uint32Array;
  /** Entry of each prefix's parent; -1 where that is the prompt, and for the root. Shape [entries]. */
  readonly parents: Int32Array;
  /** Entries whose children's log-probabilities are wanted, ascending; the others are there as ancestors. Shape [wanted]. */
  readonly wanted: Uint32Array;
}

/** The tree that asks what follows the given prefixes; duplicates among them count once. */
export function treeOf(trie: Trie, wanted: Iterable<number>): BeamTree {
  const asked = new Set(wanted);
  const closed = new Map<number, number>();
  for (const prefix of asked) {
    for (let at = prefix; !closed.has(at); ) {
      const parent = at === ROOT ? ROOT : parentOf(trie, at);
      closed.set(at, parent);
      // The root's row is the prompt: it is in the tree only where its own children are asked for.
      if (parent === ROOT) break;
      at = parent;
    }
  }
  const prefixes = Uint32Array.from(closed.keys()).sort();
  const entries = new Map<number, number>();
  prefixes.forEach((prefix, entry) => {
    if (prefix !== ROOT) entries.set(prefix, entry);
  });
  return {
    prefixes,
    parents: Int32Array.from(prefixes, (prefix) => entries.get(closed.get(prefix) ?? ROOT) ?? -1),
    wanted: Uint32Array.from(prefixes.keys()).filter((entry) => asked.has(prefixes[entry] ?? ROOT)),
  };
}

/** Entries of a tree that cost a model a row: all but the root, whose row is the prompt's last. */
export function nodeCount(tree: BeamTree): number {
  return tree.prefixes[0] === ROOT ? tree.prefixes.length - 1 : tree.prefixes.length;
}

/**
 * Checks a tree from outside.
 *
 * @throws DecodingError BAD_TREE
 */
export function checkTree(trie: Trie, tree: BeamTree): void {
  const { prefixes, parents } = tree;
  const nodes = trie.codes.length;
  const fail = (entry: number, what: string) => {
    throw new DecodingError("BAD_TREE", `entry ${entry} of the tree ${what}`);
  };
  if (parents.length !== prefixes.length) fail(parents.length, "has no parent or no prefix");
  for (let entry = 0; entry < prefixes.length; entry++) {
    const prefix = prefixes[entry] ?? 0;
    if (prefix >= nodes) fail(entry, `names prefix ${prefix}; the catalogue has ${nodes}`);
    if (entry > 0 && prefix <= (prefixes[entry - 1] ?? 0)) fail(entry, "is out of order");
    const parent = parents[entry] ?? -1;
    if (parent >= entry) fail(entry, "comes before its parent");
    const expected = prefix === ROOT ? ROOT : parentOf(trie, prefix);
    const named = parent < 0 ? ROOT : (prefixes[parent] ?? ROOT);
    if (named !== expected) fail(entry, `has prefix ${named} as its parent, not ${expected}`);
  }
  tree.wanted.forEach((entry, at) => {
    if (entry >= prefixes.length) fail(entry, "is wanted and does not exist");
    if (at > 0 && entry <= (tree.wanted[at - 1] ?? 0)) fail(entry, "is wanted out of order");
  });
}
