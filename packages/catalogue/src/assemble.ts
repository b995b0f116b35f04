import type { Catalogue } from "./catalogue.js";
import { contentHash } from "./content-hash.js";
import { CatalogueError } from "./errors.js";
import { excerpt } from "./excerpt.js";
import { type EqualIds, fillSlots } from "./id-slots.js";
import { type ItemTable, sharedCodes } from "./item-table.js";
import { byteLengthOf, type Counts, type Sections, sectionsOf } from "./layout.js";
import { writeHeader } from "./prepared.js";
import { PreparedCatalogue } from "./prepared-catalogue.js";

/**
 * Lays a table out as a catalogue. Its rows are in catalogue order, and there is at least one.
 *
 * @throws CatalogueError DUPLICATE_ITEM
 */
export function assemble(table: ItemTable): Catalogue {
  const widths = countNodes(table);
  const counts: Counts = {
    levels: table.levels,
    nodes: widths.reduce((sum, width) => sum + width, 0),
    leaves: widths[table.levels] ?? 0,
    items: table.count,
    idBytes: table.idStart[table.count] ?? 0,
  };
  const buffer = new SharedArrayBuffer(byteLengthOf(counts));
  const sections = sectionsOf(buffer, counts);
  let start = 0;
  widths.forEach((width, depth) => {
    sections.levelStart[depth] = start;
    start += width;
  });
  sections.levelStart[widths.length] = start;
  sections.idStart.set(table.idStart.subarray(0, table.count + 1));
  sections.idBytes.set(table.idBytes.subarray(0, counts.idBytes));
  const equal = fillSlots(sections, table.count);
  if (equal !== undefined) throw duplicate(table, equal);
  writeTrie(sections, table);
  writeCodesPerLevel(sections);
  writeHeader(new Uint8Array(buffer), { counts, hash: contentHash(table) });
  return new PreparedCatalogue(buffer, counts);
}

/** Distinct prefixes of every depth. Shape [levels + 1]. */
function countNodes(table: ItemTable): number[] {
  const widths = new Array<number>(table.levels + 1).fill(1);
  for (let row = 1; row < table.count; row++) {
    const shared = sharedCodes(table, { a: row - 1, b: row });
    for (let depth = shared + 1; depth <= table.levels; depth++) {
      widths[depth] = (widths[depth] ?? 0) + 1;
    }
  }
  return widths;
}

// The rows are sorted, so within a depth the nodes appear in the order of their ids, and a node's
// first child is the next node that its child depth gets.
function writeTrie(sections: Sections, table: ItemTable): void {
  const { codes, firstChild, levelStart, firstItem, leafOfItem } = sections;
  const { levels, count } = table;
  const nextNode = levelStart.slice();
  const nodes = codes.length;
  const leafStart = levelStart[levels] ?? 0;
  firstChild[0] = 1;
  let leaf = leafStart - 1;
  for (let row = 0; row < count; row++) {
    const shared = row === 0 ? 0 : sharedCodes(table, { a: row - 1, b: row });
    if (shared < levels) firstItem[++leaf - leafStart] = row;
    leafOfItem[row] = leaf;
    for (let depth = shared + 1; depth <= levels; depth++) {
      const node = nextNode[depth] ?? 0;
      nextNode[depth] = node + 1;
      codes[node] = table.codes[row * levels + depth - 1] ?? 0;
      firstChild[node] = depth < levels ? (nextNode[depth + 1] ?? 0) : nodes;
    }
  }
  firstChild[nodes] = nodes;
  firstItem[firstItem.length - 1] = count;
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

function duplicate(table: ItemTable, { first, second }: EqualIds): CatalogueError {
  const { levels, codes, idBytes, idStart } = table;
  const id = Buffer.from(idBytes.subarray(idStart[first], idStart[first + 1])).toString("utf8");
  const [one, other] = [first, second].map((row) =>
    codes.subarray(row * levels, (row + 1) * levels).join(" "),
  );
  const paths =
    one === other ? `both times with the codes ${one}` : `with the codes ${one} and ${other}`;
  return new CatalogueError({
    code: "DUPLICATE_ITEM",
    problem: `item ${excerpt(id)} is listed twice, ${paths}`,
    remedy: "Give every item one code path and list it once",
  });
}
