import type { CatalogueFilter } from "@nightbeam/catalogue";
import { excerpt } from "@nightbeam/catalogue";
import type { DuckDbOptions } from "../duckdb/open-duckdb.js";
import { ITEM_COLUMN } from "./catalogue-columns.js";
import { itemRows, unusableList } from "./item-rows.js";

/** How to read a list of items. */
export interface ItemListOptions {
  /** The column of item ids. Default: "item_id". */
  readonly column?: string;
  readonly duckdb?: DuckDbOptions;
}

/**
 * Reads a list of item ids, such as items to allow or to block: a column of a Parquet, CSV or JSONL
 * file, a JSON array of ids, or any other file (.txt, .txt.gz) with one id per line. In file order, with duplicates.
 *
 * @throws DatasetError FILE_NOT_FOUND, UNREADABLE, MISSING_COLUMN, COLUMN_TYPE
 */
export async function readItemList(path: string, options: ItemListOptions = {}): Promise<string[]> {
  const { column = ITEM_COLUMN, duckdb } = options;
  const items: string[] = [];
  for await (const { item } of itemRows(path, { column, duckdb })) items.push(item);
  return items;
}

/** Reads the lists of allowed and blocked items, if given. @throws DatasetError as `readItemList` */
export async function readItemFilter(paths: {
  readonly allow?: string | undefined;
  readonly block?: string | undefined;
}): Promise<Pick<CatalogueFilter, "allow" | "block">> {
  const { allow, block } = paths;
  return {
    ...(allow === undefined ? {} : { allow: await readItemList(allow) }),
    ...(block === undefined ? {} : { block: await readItemList(block) }),
  };
}

/** Columns of counts, by preference. */
const COUNT_COLUMNS = [
  "count",
  "counts",
  "n",
  "popularity",
  "frequency",
  "views",
  "sales",
  "score",
  "weight",
];

/**
 * Reads an order of items: a list as `readItemList` reads it, best first; with a column `count` (or popularity, views,
 * score, …), those with the highest count first.
 *
 * @returns the ids, best first; items with equal counts in file order
 * @throws DatasetError as `readItemList`; UNREADABLE for a count that is not a number
 */
export async function readItemOrder(path: string): Promise<string[]> {
  const rows: { readonly item: string; readonly count: number }[] = [];
  for await (const row of itemRows(path, { column: ITEM_COLUMN, values: COUNT_COLUMNS })) {
    const { item, where } = row;
    const count = "value" in row ? countOf(row.value) : 0;
    if (count === undefined) {
      throw unusableList(
        path,
        `${where}: the count of item ${excerpt(item)} is ${excerpt(row.value)}`,
      );
    }
    rows.push({ item, count });
  }
  // Sorting is stable.
  return rows.sort((a, b) => b.count - a.count).map(({ item }) => item);
}

function countOf(value: unknown): number | undefined {
  const count = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof count === "number" && Number.isFinite(count) ? count : undefined;
}
