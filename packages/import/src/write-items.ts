import { join } from "node:path";
import { BIGINT, VARCHAR } from "@duckdb/node-api";
import { streamColumns, textValue } from "@nightbeam/dataset";
import { withJsonLines } from "./json-lines-file.js";
import type { Loading } from "./load-events.js";
import { createTable } from "./load-events.js";
import type { OwnerFile, OwnerItem } from "./owner-files.js";
import type { LineCounts } from "./read-owner-file.js";
import { readOwnerFile } from "./read-owner-file.js";

/** Counts of what was written and read. */
export interface ItemCounts {
  readonly itemsWithoutName: number;
  /** Undefined if there is no file of items. */
  readonly itemLines: LineCounts | undefined;
}

/**
 * Writes items.jsonl: every item of `events`, in the order of the file, with what the data set says
 * about it. If an item is described twice, the first description counts.
 *
 * @throws DatasetError as `readOwnerFile` does
 */
export async function writeItems(
  file: OwnerFile<OwnerItem> | undefined,
  options: Loading & { readonly directory: string; readonly path: string },
): Promise<ItemCounts> {
  const { connection, directory, path } = options;
  const itemLines = await loadItems(file, options);
  const sql = `
    SELECT items.name AS item, said.name, said.text, said.category
    FROM items SEMI JOIN events ON items.id = events.i
    LEFT JOIN (
      SELECT said.* FROM said SEMI JOIN (SELECT min(place) AS place FROM said GROUP BY item) first
      ON said.place = first.place
    ) said ON said.item = items.name
    ORDER BY items.id`;
  let itemsWithoutName = 0;
  await withJsonLines({ items: join(directory, "items.jsonl") }, async (files) => {
    for await (const columns of streamColumns(connection, { sql, path })) {
      const [ids = [], names = [], texts = [], categories = []] = columns;
      for (const [place, id] of ids.entries()) {
        const name = textValue(names[place]);
        if (name === null) itemsWithoutName++;
        const category: unknown = JSON.parse(textValue(categories[place]) ?? "[]");
        files.items.add({
          item: textValue(id) ?? "",
          name: name ?? undefined,
          text: textValue(texts[place]) ?? undefined,
          category,
        });
      }
      await files.items.flush();
    }
  });
  return { itemsWithoutName, itemLines };
}

/** Loads the table `said` (item, name, text, category as JSON, place). */
async function loadItems(
  file: OwnerFile<OwnerItem> | undefined,
  options: Loading,
): Promise<LineCounts | undefined> {
  const table = await createTable(options.connection, {
    table: "said",
    columns: "item VARCHAR, name VARCHAR, text VARCHAR, category VARCHAR, place BIGINT",
    types: [VARCHAR, VARCHAR, VARCHAR, VARCHAR, BIGINT],
  });
  const counts =
    file === undefined
      ? undefined
      : await readOwnerFile({
          ...options,
          file,
          take: ({ item, name, text, category }, line) => {
            const path = JSON.stringify(category);
            table.add([item, name ?? null, text ?? null, path, BigInt(line)]);
            return undefined;
          },
        });
  table.close();
  return counts;
}
