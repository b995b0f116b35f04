import type { Catalogue } from "./catalogue.js";
import type { ItemTable } from "./item-table.js";
import { sectionsOf } from "./layout.js";
import { readCounts } from "./prepared.js";
import { childRange } from "./trie.js";

/** A catalogue's items as a table again, rows in the order of their indices; the ids are views. */
export function tableOf({ prepared, trie, itemCount }: Catalogue): ItemTable {
  const { leafOfItem, idBytes, idStart } = sectionsOf(prepared.buffer, readCounts(prepared));
  const { levels, levelStart } = trie;
  const codes = new Uint16Array(itemCount * levels);
  // Items follow their leaves, so at every depth their nodes ascend and one walk meets all parents.
  const nodes = leafOfItem.slice();
  for (let depth = levels; depth > 0; depth--) {
    let parent = levelStart[depth - 1] ?? 0;
    for (let item = 0; item < itemCount; item++) {
      const node = nodes[item] ?? 0;
      codes[item * levels + depth - 1] = trie.codes[node] ?? 0;
      while (childRange(trie, parent).end <= node) parent++;
      nodes[item] = parent;
    }
  }
  return { levels, count: itemCount, codes, idBytes, idStart };
}
