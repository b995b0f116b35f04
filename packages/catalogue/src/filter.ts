import { assemble } from "./assemble.js";
import type { Catalogue } from "./catalogue.js";
import { CatalogueError } from "./errors.js";
import { excerpts } from "./excerpt.js";
import type { ItemTable } from "./item-table.js";
import { sectionsOf } from "./layout.js";
import { readCounts } from "./prepared.js";
import { childRange } from "./trie.js";

/** Which items a run may recommend. */
export interface CatalogueFilter {
  /** Ids of the only items to keep. Default: all. */
  readonly allow?: Iterable<string>;
  /** Ids of items to leave out, whether or not `allow` names them. */
  readonly block?: Iterable<string>;
  /**
   * Called with the distinct ids of the lists that the catalogue does not have, in the order of the lists;
   * the filter then continues without them. Default: such ids are an error.
   */
  readonly onUnknown?: (ids: readonly string[]) => void;
}

/**
 * The smaller catalogue that a filter leaves; the same one if the filter leaves everything.
 * Item indices and nodes are renumbered. Throws CatalogueError UNKNOWN_ITEM for ids that the
 * catalogue does not have (unless `onUnknown` takes them), EMPTY if nothing is left.
 */
export function filterCatalogue(catalogue: Catalogue, filter: CatalogueFilter): Catalogue {
  // Most runs have no lists, and a look at every item takes longer than loading the catalogue.
  if (filter.allow === undefined && filter.block === undefined) return catalogue;
  if (catalogue.closingLevels > 0) throw new RangeError("filter a catalogue before closing it");
  const kept = keptItems(catalogue, filter);
  return kept.includes(0) ? assemble(tableOf(catalogue, kept)) : catalogue;
}

/**
 * The items that a filter leaves out, by index, ascending: to search the whole catalogue with these
 * excluded, which finds the same items in the same order. Throws as `filterCatalogue` does.
 */
export function filteredOut(catalogue: Catalogue, filter: CatalogueFilter): Uint32Array {
  return Uint32Array.from(indicesOfZeros(keptItems(catalogue, filter)));
}

/** 1 for every item that a filter keeps. Shape [items]. */
function keptItems(catalogue: Catalogue, filter: CatalogueFilter): Uint8Array {
  const kept = new Uint8Array(catalogue.itemCount).fill(filter.allow === undefined ? 1 : 0);
  const unknown = new Set<string>();
  const mark = (ids: Iterable<string>, keep: 0 | 1): void => {
    for (const id of ids) {
      const index = catalogue.itemIndex(id);
      if (index === undefined) unknown.add(id);
      else kept[index] = keep;
    }
  };
  mark(filter.allow ?? [], 1);
  mark(filter.block ?? [], 0);
  if (unknown.size > 0) {
    if (filter.onUnknown === undefined) throw unknownItems([...unknown]);
    filter.onUnknown([...unknown]);
  }
  if (kept.includes(1)) return kept;
  throw new CatalogueError({
    code: "EMPTY",
    problem: "The filter leaves no item of the catalogue",
    remedy: "Allow more items or block fewer",
  });
}

function* indicesOfZeros(kept: Uint8Array): Generator<number> {
  for (let index = 0; index < kept.length; index++) if (kept[index] === 0) yield index;
}

function unknownItems(ids: readonly string[]): CatalogueError {
  return new CatalogueError({
    code: "UNKNOWN_ITEM",
    problem: `The filter names items that the catalogue does not have: ${excerpts(ids)}`,
    remedy: "Remove them from the list",
  });
}

/** The items that are kept as a table again, in the order of their indices. */
function tableOf({ prepared, trie, itemCount }: Catalogue, kept: Uint8Array): ItemTable {
  const { leafOfItem, idBytes, idStart } = sectionsOf(prepared.buffer, readCounts(prepared));
  const { levels, levelStart } = trie;
  const nodes = leafOfItem.slice();
  const table = { levels, count: 0, codes: new Uint16Array(0), idBytes, idStart: idStart.slice() };
  table.idBytes = new Uint8Array(idBytes.length);
  for (let item = 0; item < itemCount; item++) {
    if (kept[item] === 0) continue;
    nodes[table.count] = nodes[item] ?? 0;
    const id = idBytes.subarray(idStart[item], idStart[item + 1]);
    const at = table.idStart[table.count] ?? 0;
    table.idBytes.set(id, at);
    table.count += 1;
    table.idStart[table.count] = at + id.length;
  }
  table.codes = new Uint16Array(table.count * levels);
  // Items follow their leaves, so at every depth their nodes ascend and one walk meets all parents.
  for (let depth = levels; depth > 0; depth--) {
    let parent = levelStart[depth - 1] ?? 0;
    for (let row = 0; row < table.count; row++) {
      const node = nodes[row] ?? 0;
      table.codes[row * levels + depth - 1] = trie.codes[node] ?? 0;
      while (childRange(trie, parent).end <= node) parent++;
      nodes[row] = parent;
    }
  }
  return table;
}
