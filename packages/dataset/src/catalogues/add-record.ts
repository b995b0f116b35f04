import type { CatalogueBuilder, PathValue } from "@nightbeam/catalogue";
import { CatalogueError, parseCodePath } from "@nightbeam/catalogue";
import { idOf, idProblem } from "../histories/ids.js";
import type { CatalogueColumns } from "./catalogue-columns.js";

/** A row of a table of items. */
export interface CatalogueRecord {
  readonly values: Readonly<Record<string, unknown>>;
  readonly columns: CatalogueColumns;
  /** The place, for messages: `line 17`. */
  readonly where: string;
}

/** Adds an item. @throws CatalogueError, showing the value and the place */
export function addRecord(
  builder: CatalogueBuilder,
  { values, columns, where }: CatalogueRecord,
): void {
  const { item, codes } = columns;
  const id = idOf(values[item]);
  if (id === undefined) {
    throw new CatalogueError({
      code: "BAD_ITEM_ID",
      problem: `${where}: ${idProblem(item, values[item])}`,
      remedy: "Give every item an id: a text, or a whole number",
    });
  }
  const path =
    "path" in codes ? pathValue(values[codes.path]) : codes.levels.map((level) => values[level]);
  builder.add({ id, codes: parseCodePath(path, where), where });
}

function pathValue(value: unknown): PathValue {
  if (Array.isArray(value)) return value;
  return typeof value === "string" ? value : [value];
}
