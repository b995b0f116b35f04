import type { CatalogueBuilder } from "@nightbeam/catalogue";
import { DatasetError } from "../errors.js";
import { openTextTable } from "../files/text-table.js";
import { hasDecimals, wholeId } from "../histories/whole-ids.js";
import { addRecord } from "./add-record.js";
import { requireColumns } from "./catalogue-columns.js";

/**
 * Adds the items of CSV or JSON lines: an item's id, and a column per level or one with the whole path. Rows stream into
 * the catalogue; other columns are ignored.
 *
 * @throws DatasetError MISSING_COLUMN, BAD_CATALOGUE; CatalogueError for an unusable row
 */
export async function addTextTable(
  builder: CatalogueBuilder,
  source: {
    readonly path: string;
    readonly format: "csv" | "jsonl";
    readonly delimiter?: string;
  },
): Promise<void> {
  const { path, format, delimiter = "," } = source;
  const table = await openTextTable({ path }, { format, delimiter });
  const columns = requireColumns(path, table.columns);
  const isDecimal = await hasDecimals(table, columns.item);
  for await (const lines of table.lines()) {
    for (const line of lines) {
      const record = table.parse(line);
      const where = `line ${line.number}`;
      if (!record.ok) {
        throw new DatasetError(
          "BAD_CATALOGUE",
          `${path}: ${where}: ${record.detail}. Correct the line: a catalogue must be read completely.`,
        );
      }
      const { values } = record;
      const whole = isDecimal ? wholeId(String(values[columns.item])) : undefined;
      const read = whole === undefined ? values : { ...values, [columns.item]: whole };
      addRecord(builder, { values: read, columns, where });
    }
  }
}
