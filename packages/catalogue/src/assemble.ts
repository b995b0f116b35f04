import type { Catalogue } from "./catalogue.js";
import { contentHash } from "./content-hash.js";
import { fillSlots } from "./id-slots.js";
import { type ItemTable, sharedCodes } from "./item-table.js";
import { byteLengthOf, type Counts, type Sections, sectionsOf } from "./layout.js";
import { writeHeader } from "./prepared.js";
import { PreparedCatalogue } from "./prepared-catalogue.js";

/**
 * Lays the rows of `order` out as a catalogue. `order` is in catalogue order, holds at least one row
 * and may leave rows of the table out; their ids are distinct.
 */
export function assemble(table: ItemTable, order: Uint32Array): Catalogue {
  const widths = countNodes(table, order);
  const counts: Counts = {
    levels: table.levels,
    nodes: widths.reduce((sum, width) => sum + width, 0),
    leaves: widths[table.levels] ?? 0,
    items: order.length,
    idBytes: countIdBytes(table, order),
  };
  const buffer = new SharedArrayBuffer(byteLengthOf(counts));
  const sections = sectionsOf(buffer, counts);
  let start = 0;
  widths.forEach((width, depth) => {
    sections.levelStart[depth] = start;
    start += width;
  });
  sections.levelStart[widths.length] = start;
  writeTrie(sections, { table, order });
  writeCodesPerLevel(sections);
  writeIds(sections, { table, order });
  writeHeader(new Uint8Array(buffer), { counts, hash: contentHash(table, order) });
  return new PreparedCatalogue(buffer, counts);
}

interface Rows {
  readonly table: ItemTable;
  readonly order: Uint32Array;
}

/** Distinct prefixes of every depth. Shape [levels + 1]. */
function countNodes(table: ItemTable, order: Uint32Array): number[] {
  const widths = new Array<number>(table.levels + 1).fill(1);
  for (let i = 1; i < order.length; i++) {
    const shared = sharedCodes(table, { a: order[i - 1] ?? 0, b: order[i] ?? 0 });
    for (let depth = shared + 1; depth <= table.levels; depth++) {
      widths[depth] = (widths[depth] ?? 0) + 1;
    }
  }
  return widths;
}

// The rows are sorted, so within a depth the nodes appear in the order of their ids, and a node's
// first child is the next node that its child depth gets.
function writeTrie(sections: Sections, { table, order }: Rows): void {
  const { codes, firstChild, levelStart, firstItem, leafOfItem } = sections;
  const { levels } = table;
  const nextNode = levelStart.slice();
  const nodes = codes.length;
  const leafStart = levelStart[levels] ?? 0;
  firstChild[0] = 1;
  let leaf = leafStart - 1;
  for (let i = 0; i < order.length; i++) {
    const row = order[i] ?? 0;
    const shared = i === 0 ? 0 : sharedCodes(table, { a: order[i - 1] ?? 0, b: row });
    if (shared < levels) firstItem[++leaf - leafStart] = i;
    leafOfItem[i] = leaf;
    for (let depth = shared + 1; depth <= levels; depth++) {
      const node = nextNode[depth] ?? 0;
      nextNode[depth] = node + 1;
      codes[node] = table.codes[row * levels + depth - 1] ?? 0;
      firstChild[node] = depth < levels ? (nextNode[depth + 1] ?? 0) : nodes;
    }
  }
  firstChild[nodes] = nodes;
  firstItem[firstItem.length - 1] = order.length;
}

function writeCodesPerLevel({ codes, levelStart, codesPerLevel }: Sections): void {
  for (let level = 0; level < codesPerLevel.length; level++) {
    let largest = 0;
    const end = levelStart[level + 2] ?? 0;
    for (let node = levelStart[level + 1] ?? 0; node < end; node++) {
      largest = Math.max(largest, codes[node] ?? 0);
    }
    codesPerLevel[level] = largest + 1;
  }
}

function countIdBytes({ idStart }: ItemTable, order: Uint32Array): number {
  let total = 0;
  for (const row of order) total += (idStart[row + 1] ?? 0) - (idStart[row] ?? 0);
  return total;
}

function writeIds(sections: Sections, { table, order }: Rows): void {
  const { idBytes, idStart } = sections;
  let at = 0;
  for (let i = 0; i < order.length; i++) {
    const row = order[i] ?? 0;
    idStart[i] = at;
    const end = table.idStart[row + 1] ?? 0;
    for (let from = table.idStart[row] ?? 0; from < end; from++) {
      idBytes[at++] = table.idBytes[from] ?? 0;
    }
  }
  idStart[order.length] = at;
  fillSlots(sections, order.length);
}
