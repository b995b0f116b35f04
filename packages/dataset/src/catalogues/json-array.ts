import type { CatalogueBuilder } from "@nightbeam/catalogue";
import { excerpt, excerpts, jsonProblem } from "@nightbeam/catalogue";
import { DatasetError } from "../errors.js";
import { parseExactJson } from "../files/exact-json.js";
import { addRecord } from "./add-record.js";
import { catalogueColumns } from "./catalogue-columns.js";

/**
 * Adds the items of a JSON array: objects with the columns of a table, or pairs `["item", ["<a_1>", "<b_2>"]]`. An array
 * of code paths alone is refused: whether its items are numbered from 0 or from 1 is not in it.
 *
 * @throws DatasetError BAD_CATALOGUE; CatalogueError
 */
export function addJsonArray(builder: CatalogueBuilder, path: string, text: string): void {
  const elements = parsedArray(path, text);
  const keys = new Set(
    elements.slice(0, 100).flatMap((one) => (isObject(one) ? Object.keys(one) : [])),
  );
  const columns = catalogueColumns([...keys]);
  for (const [at, element] of elements.entries()) {
    const where = `element ${at + 1}`;
    if (isObject(element) && columns !== undefined)
      addRecord(builder, { values: element, columns, where });
    else if (isPair(element)) {
      addRecord(builder, { values: { item: element[0], codes: element[1] }, columns: PAIR, where });
    } else throw notItems(path, { where, element, keys: [...keys] });
  }
}

const PAIR = { item: "item", codes: { path: "codes" } } as const;

function parsedArray(path: string, text: string): readonly unknown[] {
  let value: unknown;
  try {
    value = parseExactJson(text);
  } catch (error) {
    throw new DatasetError(
      "BAD_CATALOGUE",
      `${path} is not JSON: ${jsonProblem(error)}. Write it again.`,
      { cause: error },
    );
  }
  return Array.isArray(value) ? value : [value];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An id and a path: two texts would be a path of two codes. */
function isPair(value: unknown): value is readonly [unknown, unknown] {
  return (
    Array.isArray(value) &&
    value.length === 2 &&
    Array.isArray(value[1]) &&
    !Array.isArray(value[0])
  );
}

function notItems(
  path: string,
  { where, element, keys }: { where: string; element: unknown; keys: readonly string[] },
): DatasetError {
  const shown = excerpt(element);
  if (isObject(element)) {
    return new DatasetError(
      "MISSING_COLUMN",
      `${path}: ${where} has the keys ${excerpts(keys)}; items need item_id and c0, c1, …, or codes.`,
    );
  }
  return new DatasetError(
    "BAD_CATALOGUE",
    `${path}: ${where} is ${shown}, a path without its item. A list does not say whether its items are numbered from 0 or ` +
      'from 1. Write {"<item id>": ["<a_1>", "<b_2>"]}; for items that are numbered from 0: ' +
      `python3 -c "import json; json.dump(dict(enumerate(json.load(open('${path}')))), open('index.json', 'w'))"`,
  );
}
