import type { ReadonlyUint32Array, Trie } from "@nightbeam/catalogue";
import { invalid } from "./columns.js";

/** Closed paths by number, for the columns of a call. */
export interface ClosedColumns {
  /** Closed for all users, as differences. */
  readonly forAll: number[];
  /** Further ones of each user. */
  readonly sizes: number[];
  /** These, as differences, the first user's first. */
  readonly closed: number[];
}

/** The leaves in all of these ascending lists. */
export function sharedLeaves(lists: readonly ReadonlyUint32Array[]): Uint32Array {
  const [first, ...others] = [...lists].sort((a, b) => a.length - b.length);
  return others.reduce<Uint32Array>(
    (shared, list) => (shared.length === 0 ? shared : inBoth(shared, list)),
    Uint32Array.from(first ?? []),
  );
}

/** Writes what all users have in common once: often a run's block list. */
export function encodeClosed(trie: Trie, lists: readonly ReadonlyUint32Array[]): ClosedColumns {
  const firstLeaf = trie.levelStart[trie.levels] ?? 0;
  const shared = sharedLeaves(lists);
  const columns: ClosedColumns = { forAll: [], sizes: [], closed: [] };
  appendDifferences(columns.forAll, { leaves: shared, firstLeaf });
  for (const list of lists) {
    const own = without(list, shared);
    columns.sizes.push(own.length);
    appendDifferences(columns.closed, { leaves: own, firstLeaf });
  }
  return columns;
}

/**
 * Decodes the closed leaves of all users, each list ascending. Sizes must fit the columns.
 *
 * @throws ProtocolError INVALID_CALL
 */
export function decodeClosed(trie: Trie, { forAll, sizes, closed }: ClosedColumns): Uint32Array[] {
  const shared = readDifferences(trie, { column: forAll, from: 0, size: forAll.length }, "");
  let from = 0;
  return sizes.map((size, user) => {
    const own = readDifferences(trie, { column: closed, from, size }, `user ${user}: `);
    from += size;
    if (own.length === 0) return shared;
    const all = new Uint32Array(shared.length + own.length);
    all.set(shared);
    all.set(own, shared.length);
    all.sort();
    if (all.some((leaf, at) => at > 0 && leaf === all[at - 1])) {
      invalid(`user ${user}: a closed path is also closed for all users`);
    }
    return all;
  });
}

function appendDifferences(
  column: number[],
  { leaves, firstLeaf }: { leaves: ReadonlyUint32Array; firstLeaf: number },
): void {
  let before = firstLeaf;
  for (const leaf of leaves) {
    column.push(leaf - before);
    before = leaf;
  }
}

function readDifferences(
  { levelStart, levels, codes }: Trie,
  { column, from, size }: { column: readonly number[]; from: number; size: number },
  whose: string,
): Uint32Array {
  const leaves = new Uint32Array(size);
  let leaf = levelStart[levels] ?? 0;
  for (let at = 0; at < size; at++) {
    const difference = column[from + at] ?? 0;
    if (difference === 0 && at > 0) invalid(`${whose}closed path ${at} repeats the one before`);
    leaf += difference;
    if (leaf >= codes.length) {
      const paths = codes.length - (levelStart[levels] ?? 0);
      invalid(`${whose}closed path ${at} is beyond the catalogue's ${paths} code paths`);
    }
    leaves[at] = leaf;
  }
  return leaves;
}

function inBoth(some: Uint32Array, others: ReadonlyUint32Array): Uint32Array {
  return select(some, { others, isWanted: (isThere) => isThere });
}

function without(some: ReadonlyUint32Array, others: ReadonlyUint32Array): Uint32Array {
  return select(some, { others, isWanted: (isThere) => !isThere });
}

/** Selects of an ascending list by whether another ascending list has the value too. */
function select(
  some: ReadonlyUint32Array,
  { others, isWanted }: { others: ReadonlyUint32Array; isWanted: (isThere: boolean) => boolean },
): Uint32Array {
  const selected = new Uint32Array(some.length);
  let length = 0;
  let other = 0;
  for (const value of some) {
    while (other < others.length && (others[other] ?? 0) < value) other++;
    if (isWanted(others[other] === value)) selected[length++] = value;
  }
  return selected.slice(0, length);
}
