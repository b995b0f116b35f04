import type { Catalogue } from "./catalogue.js";
import { byteLengthOf, type Counts, HEADER, sectionsOf } from "./layout.js";
import { readCounts, writeHeader } from "./prepared.js";
import { PreparedCatalogue } from "./prepared-catalogue.js";
import { MAX_CLOSING_LEVELS, pathOf } from "./trie.js";

/**
 * The same catalogue with levels added below its leaves, each node of which has one child, of code 0: for
 * targets that close an item with tokens of their own, whose probabilities count. Items, their indices and the
 * hash stay the same; nodes of the first levels keep their ids.
 *
 * @param levels 0 to `MAX_CLOSING_LEVELS`
 */
export function addClosingLevels(catalogue: Catalogue, levels: number): Catalogue {
  if (levels === 0) return catalogue;
  if (!Number.isInteger(levels) || levels < 0 || levels > MAX_CLOSING_LEVELS) {
    throw new RangeError(`${levels} closing levels; 0 to ${MAX_CLOSING_LEVELS} are supported`);
  }
  if (catalogue.closingLevels > 0) throw new RangeError("the catalogue has closing levels already");
  const before = readCounts(catalogue.prepared);
  const added = levels * before.leaves;
  const counts: Counts = {
    ...before,
    levels: before.levels + levels,
    nodes: before.nodes + added,
  };
  const buffer = new SharedArrayBuffer(byteLengthOf(counts));
  const from = sectionsOf(catalogue.prepared.buffer, before);
  const to = sectionsOf(buffer, counts);
  to.codes.set(from.codes);
  to.firstChild.set(from.firstChild.subarray(0, before.nodes - before.leaves));
  // From the first old leaf on, the i-th node's child is the i-th node of the next level.
  for (let node = before.nodes - before.leaves; node <= counts.nodes; node++) {
    to.firstChild[node] = Math.min(node + before.leaves, counts.nodes);
  }
  to.levelStart.set(from.levelStart);
  to.codesPerLevel.set(from.codesPerLevel);
  for (let level = before.levels; level < counts.levels; level++) {
    to.levelStart[level + 2] = before.nodes + (level + 1 - before.levels) * before.leaves;
    to.codesPerLevel[level] = 1;
  }
  to.firstItem.set(from.firstItem);
  from.leafOfItem.forEach((leaf, item) => {
    to.leafOfItem[item] = leaf + added;
  });
  to.idStart.set(from.idStart);
  to.slots.set(from.slots);
  to.idBytes.set(from.idBytes);
  const hash = catalogue.prepared.subarray(HEADER.hash, HEADER.checksum);
  writeHeader(new Uint8Array(buffer), { counts, hash });
  return new PreparedCatalogue(buffer, counts, levels);
}

/** The codes of the items on a leaf, without those of closing levels. */
export function codesAt({ trie, closingLevels }: Catalogue, leaf: number): number[] {
  return pathOf(trie, leaf).slice(0, trie.levels - closingLevels);
}
