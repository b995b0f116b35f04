import { excerpts } from "@nightbeam/catalogue";
import { DatasetError } from "../errors.js";

/** The columns of a table of items. */
export interface CatalogueColumns {
  readonly item: string;
  /** A column per level, or one with the whole path. */
  readonly codes: { readonly levels: readonly string[] } | { readonly path: string };
}

/** The column of item ids, by preference. */
export const ITEM_COLUMN = "item_id";
const ITEM_NAMES = [
  "itemid",
  "item",
  "iid",
  "pid",
  "parentasin",
  "asin",
  "productid",
  "movieid",
  "bookid",
  "sku",
  "id",
];
const PATH_NAMES = [
  ...["codes", "code", "codepath", "sid", "sids", "itemsid", "semanticid", "semanticids", "tokens"],
];
/** Columns of a level: c0, code_1, sid_2, level3. */
const LEVEL = /^(c|codes?|codebook|sids?|semanticid|semanticids|level|l|token)(\d+)$/;
/** Codes of an item, at most. */
export const MAX_LEVELS = 8;

/**
 * Finds the columns of items and codes by their names: `item_id` or another common name, and `c0`, `c1`, … (from 0 or
 * from 1), or one column with code paths. Case, underscores and RecBole's types (`item_id:token`) do not matter. Undefined
 * if there are none.
 *
 * @param lists columns that hold lists: one alone is the code path, whatever its name
 */
export function catalogueColumns(
  columns: readonly string[],
  lists: readonly string[] = [],
): CatalogueColumns | undefined {
  const named = columns.map((column) => ({ column, name: plainName(column) }));
  const item = itemColumnOf(columns);
  if (item === undefined) return undefined;
  const levels = levelColumns(named);
  if (levels !== undefined) return { item, codes: { levels } };
  const path = PATH_NAMES.flatMap((wanted) => named.find(({ name }) => name === wanted) ?? [])[0];
  const [only, ...others] = lists;
  const column = path?.column ?? (others.length === 0 ? only : undefined);
  return column === undefined || column === item ? undefined : { item, codes: { path: column } };
}

/** The same for a file that must have them. @throws DatasetError MISSING_COLUMN */
export function requireColumns(
  path: string,
  columns: readonly string[],
  lists: readonly string[] = [],
): CatalogueColumns {
  const found = catalogueColumns(columns, lists);
  if (found !== undefined) return found;
  throw new DatasetError(
    "MISSING_COLUMN",
    `${path} has the columns ${excerpts(columns) || "(none)"}; ` +
      "a catalogue needs item_id and c0, c1, …, one whole number per level, or a column codes with the whole path. " +
      "Rename its columns, or add a header line if there is none.",
  );
}

/** The column of item ids: `item_id` or another common name; undefined if there is none. */
export function itemColumnOf(columns: readonly string[]): string | undefined {
  return columnNamed(columns, ITEM_NAMES);
}

/** The column with the first of these names that one has, in small letters without other characters. */
export function columnNamed(
  columns: readonly string[],
  names: readonly string[],
): string | undefined {
  return names.flatMap((name) => columns.find((column) => plainName(column) === name) ?? [])[0];
}

/** The columns of the levels in order, if their numbers have no gap; the first of several families. */
function levelColumns(
  named: readonly { readonly column: string; readonly name: string }[],
): readonly string[] | undefined {
  const families = new Map<string, Map<number, string>>();
  for (const { column, name } of named) {
    const [, family, number] = LEVEL.exec(name) ?? [];
    if (family === undefined) continue;
    const members = families.get(family) ?? new Map<number, string>();
    families.set(family, members.set(Number(number), column));
  }
  for (const members of families.values()) {
    const first = members.has(0) ? 0 : 1;
    const levels: string[] = [];
    for (let column = members.get(first); column !== undefined && levels.length <= MAX_LEVELS; ) {
      levels.push(column);
      column = members.get(first + levels.length);
    }
    if (levels.length > 1) return levels;
  }
  return undefined;
}

function plainName(column: string): string {
  return column
    .replace(/:(token|float)(_seq)?$/, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, "");
}
