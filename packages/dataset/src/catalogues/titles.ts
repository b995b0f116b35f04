import { excerpt, excerpts, jsonProblem } from "@nightbeam/catalogue";
import { streamColumns, withDuckDb } from "../duckdb/open-duckdb.js";
import { parquetTable, sqlName } from "../duckdb/sql.js";
import { textValue } from "../duckdb/values.js";
import { DatasetError, readFailure } from "../errors.js";
import { parseExactJson } from "../files/exact-json.js";
import { endingOf, fileShape } from "../files/file-format.js";
import { readWhole } from "../files/open-bytes.js";
import { parquetColumns } from "../files/parquet-columns.js";
import { openTextTable } from "../files/text-table.js";
import { idOf, idProblem } from "../histories/ids.js";
import { columnNamed, itemColumnOf } from "./catalogue-columns.js";

/** What items are called, by their ids. */
export type Titles = ReadonlyMap<string, string>;

/** Columns of titles, by preference; see `columnNamed`. */
const TITLE_NAMES = ["title", "itemtitle", "producttitle", "name", "itemname", "productname"];

/**
 * Reads the titles of items, for people: a JSON object `{"17": "Loose leaf tea, 250 g"}`, or a table of items (JSON lines,
 * CSV, TSV, Parquet, also compressed) with a column of ids (`item`, `item_id`, …) and one of titles (`title`, `name`, …).
 * Items without a title are left out; of several titles of an item the last one counts.
 *
 * @throws DatasetError FILE_NOT_FOUND, UNREADABLE, UNKNOWN_FORMAT, MISSING_COLUMN
 */
export async function readTitles(path: string): Promise<Titles> {
  const titles = new Map<string, string>();
  for await (const { item, title, where } of titleRows(path)) {
    const id = idOf(item);
    if (id === undefined) throw unusable(path, `${where}: ${idProblem("the item's id", item)}`);
    if (title === undefined || title === null || title === "") continue;
    if (typeof title !== "string" && typeof title !== "number") {
      throw unusable(path, `${where}: the title of item ${excerpt(id)} is ${excerpt(title)}`);
    }
    titles.set(id, String(title).trim());
  }
  if (titles.size === 0) throw unusable(path, "there is no title in it");
  return titles;
}

interface TitleRow {
  readonly item: unknown;
  readonly title: unknown;
  /** The place, for messages: `line 17`. */
  readonly where: string;
}

async function* titleRows(path: string): AsyncGenerator<TitleRow> {
  if (endingOf(path) === "json") yield* objectRows(path);
  else if (fileShape({ path }).format === "parquet") yield* await parquetRows(path);
  else yield* textRows(path);
}

async function* objectRows(path: string): AsyncGenerator<TitleRow> {
  let value: unknown;
  try {
    value = parseExactJson(new TextDecoder().decode(await readWhole(path)));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw readFailure(path, error);
    throw unusable(path, jsonProblem(error));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw unusable(path, 'it is not a JSON object {"17": "title", …}');
  }
  for (const [item, title] of Object.entries(value)) {
    yield { item, title, where: `key ${excerpt(item)}` };
  }
}

async function* textRows(path: string): AsyncGenerator<TitleRow> {
  const table = await openTextTable({ path }, fileShape({ path }));
  const names = titleColumns(path, table.columns);
  for await (const lines of table.lines()) {
    for (const line of lines) {
      const where = `line ${line.number}`;
      const record = table.parse(line);
      if (!record.ok) throw unusable(path, `${where}: ${record.detail}`);
      yield { item: record.values[names.item], title: record.values[names.title], where };
    }
  }
}

function parquetRows(path: string): Promise<readonly TitleRow[]> {
  return withDuckDb(undefined, async (connection) => {
    const columns = [...(await parquetColumns(connection, path)).keys()];
    const { item, title } = titleColumns(path, columns);
    const text = (name: string) => `CAST(${sqlName(name)} AS VARCHAR)`;
    const sql = `SELECT ${text(item)} AS item, ${text(title)} AS title FROM ${parquetTable(path)}`;
    const rows: TitleRow[] = [];
    for await (const [items = [], titles = []] of streamColumns(connection, { sql, path })) {
      for (const [at, one] of items.entries()) {
        const where = `row ${rows.length}`;
        rows.push({ item: textValue(one), title: textValue(titles[at]), where });
      }
    }
    return rows;
  });
}

function titleColumns(
  path: string,
  columns: readonly string[],
): { readonly item: string; readonly title: string } {
  const [item, title] = [itemColumnOf(columns), columnNamed(columns, TITLE_NAMES)];
  if (item !== undefined && title !== undefined) return { item, title };
  const missing = item === undefined ? "item ids, such as item_id" : "titles, such as title";
  throw new DatasetError(
    "MISSING_COLUMN",
    `${path} has no column of ${missing}; it has ${excerpts(columns)}. Rename the column.`,
  );
}

function unusable(path: string, problem: string): DatasetError {
  return new DatasetError(
    "UNREADABLE",
    `${path}: ${problem}. Give titles as {"17": "title"}, or as a table with the columns item_id and title.`,
  );
}
